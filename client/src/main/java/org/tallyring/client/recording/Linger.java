package org.tallyring.client.recording;

/**
 * How long a batch waits for more rows. One thread notes; any may ask.
 *
 * <p>A batch costs client, shard and bookie some tens of microseconds each, however few rows it
 * has. With one lane in use nobody minds, and two milliseconds are enough; with all lanes of a ring
 * in use, each sending every two milliseconds, that would be all that two cores do. So the wait
 * grows with the number of batches being built, and a client whose cluster has no time left sends
 * them no less than {@value #NANOS_PER_BATCH} ns apart on average, whatever the number of ranges.
 *
 * <p>A cluster that has time left shows it by answering soon, and then a batch waits no longer than
 * {@value #ANSWERS} times what answers take lately. The batches that are more for it cost time that
 * would pass idle; should there not be enough of it, answers take longer, and with them the waits.
 */
final class Linger {

  private static final long NANOS_PER_BATCH = 150_000;

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
    long shortest = RecordingSettings.LINGER.toNanos();
    long longest = shortest + batches * NANOS_PER_BATCH;
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
