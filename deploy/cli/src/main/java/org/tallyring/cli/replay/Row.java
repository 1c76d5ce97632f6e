package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;

/**
 * An increment and where it was read.
 *
 * @param file the file's name as it was given
 * @param line the line's number, from 1
 * @param key valid by the rule for keys; not to be changed
 * @param user who did it, valid by the same rule, or empty for nobody; not to be changed
 * @param metric the name of an existing metric
 * @param delta how much to add; not 0
 * @param timeMillis when it happened, in milliseconds since 1970-01-01T00:00:00Z; null if the file
 *     does not say
 * @param eventId which event it is; null for none; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Rows are passed on, never compared.
public record Row(
    String file,
    long line,
    byte[] key,
    byte[] user,
    String metric,
    long delta,
    @Nullable Long timeMillis,
    byte @Nullable [] eventId) {

  /** Where it was read, for messages. */
  String where() {
    return file + ":" + line;
  }
}
