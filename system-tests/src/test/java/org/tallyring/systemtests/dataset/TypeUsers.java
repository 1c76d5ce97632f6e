package org.tallyring.systemtests.dataset;

/**
 * How many different users did something of one type.
 *
 * @param type the type as the file writes it
 * @param scope {@code all}, {@code day} or {@code hour}
 * @param at the day or hour, for example {@code 2012-07-04T07}; empty for all time
 * @param users how many
 */
public record TypeUsers(String type, String scope, String at, long users) {}
