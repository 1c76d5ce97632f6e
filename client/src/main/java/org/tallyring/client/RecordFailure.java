package org.tallyring.client;

/**
 * An increment that was recorded without asking for its result, and failed.
 *
 * @param increment the increment
 * @param cause why; {@link TallyringException#isInDoubt()} says whether it may count all the same
 */
public record RecordFailure(Increment increment, TallyringException cause) {}
