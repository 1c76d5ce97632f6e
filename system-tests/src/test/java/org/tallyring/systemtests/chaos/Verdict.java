package org.tallyring.systemtests.chaos;

import java.util.List;

/**
 * What the oracle found.
 *
 * @param increments how many were compared: all that were sent
 * @param inDoubt how many of them may count or not
 * @param refused how many of them must not count
 * @param lost how much is missing in some level of windows, at least
 * @param doubled how much is too much in some level of windows, at least
 * @param differences what is wrong, in words; empty if nothing is
 */
public record Verdict(
    long increments,
    long inDoubt,
    long refused,
    long lost,
    long doubled,
    List<String> differences) {}
