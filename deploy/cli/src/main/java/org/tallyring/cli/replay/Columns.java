package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;

/**
 * Which columns of a file matter.
 *
 * @param key what is counted
 * @param time when it happened; null if the file does not say
 * @param metric the metric to add to; null if it is the same for all rows
 * @param delta how much to add; null for 1
 * @param eventId which event it is; null for none
 * @param user who did it; null if the file does not say
 */
public record Columns(
    ColumnRef key,
    @Nullable ColumnRef time,
    @Nullable ColumnRef metric,
    @Nullable ColumnRef delta,
    @Nullable ColumnRef eventId,
    @Nullable ColumnRef user) {}
