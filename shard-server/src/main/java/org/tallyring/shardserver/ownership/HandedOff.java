package org.tallyring.shardserver.ownership;

/**
 * What an owner knew of a range when it had closed the journal. The next owner must find the same.
 *
 * @param epoch the owner's
 * @param increments how many increments the range had applied, ever
 * @param stoppedMillis for how long it had taken nothing by then
 */
public record HandedOff(long epoch, long increments, long stoppedMillis) {}
