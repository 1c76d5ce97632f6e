package org.tallyring.client;

/**
 * How the increments of a client have ended so far.
 *
 * @param applied applied by the send that was answered
 * @param duplicate applied by an earlier send whose answer was lost, or by another increment with
 *     the same event id; each counts once
 * @param failed definitely not recorded
 * @param inDoubt given up without a definite answer; each may count once or not at all
 */
public record RecordTotals(long applied, long duplicate, long failed, long inDoubt) {}
