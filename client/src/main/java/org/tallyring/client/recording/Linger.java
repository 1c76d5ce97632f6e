package org.tallyring.client.recording;

/**
 * How long a batch waits for more rows. One thread notes; any may ask.
 *
 * <p>A batch costs client, shard and bookie some tens of microseconds each, however few rows it
 * has. With one lane in use nobody minds, and two milliseconds are enough; with all lanes of a ring
 * in use, each sending every two milliseconds, that would be all that two cores do. So the wait
 * grows with the number of batches being built: whatever the number of ranges, a client sends
 * batches so far apart on average.
 *
 * <p>How far depends on how busy the cluster is, which shows in how soon it answers. Where it has
 * no time left it is {@value #BUSY_NANOS} ns. Where it has, a batch waits no longer than {@value
 * #ANSWERS} times what answers take lately, as the batches that are more for it cost time that
 * would pass idle; should there not be enough of it, answers take longer, and with them the waits.
 * But batches are never less than {@value #QUIET_NANOS} ns apart, or a few increments a second in
 * each of many ranges would keep two cores as busy as a million.
 */
final class Linger {

  private static final long BUSY_NANOS = 150_000;
  private static final long QUIET_NANOS = 75_000;

  private static final int ANSWERS = 2;

  /** An answer is this part of what answers take lately. */
  private static final int SMOOTHING = 256;

  private static final long UNKNOWN = Long.MAX_VALUE / ANSWERS;

  private volatile long whileIdle = RecordingSettings.LINGER.toNanos();
  private long answerNanos = UNKNOWN;

  /** An answer took so long after its batch was sent. */
  void noteAnswer(long nanos) {
    answerNanos = answerNanos == UNKNOWN ? nanos : answerNanos + (nanos - answerNanos) / SMOOTHING;
  }

  /** So many batches are being built. */
  void noteBuilding(int batches) {
    long alone = RecordingSettings.LINGER.toNanos();
    long longest = alone + batches * BUSY_NANOS;
    long shortest = alone + batches * QUIET_NANOS;
    whileIdle = Math.min(longest, Math.max(shortest, ANSWERS * answerNanos));
  }

  /**
   * The wait in nanoseconds.
   *
   * @param idle whether nothing else of the range is on its way
   */
  long nanos(boolean idle) {
    return idle ? whileIdle : Math.max(whileIdle, RecordingSettings.LINGER_WHILE_BUSY.toNanos());
  }
}
