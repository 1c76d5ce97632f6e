package org.tallyring.client.recording;

/**
 * How long a batch waits for more rows. Thread-safe.
 *
 * <p>A batch costs client, shard and bookie some tens of microseconds each, however few rows it
 * has. With one lane in use nobody minds, and two milliseconds are enough; with all lanes of a ring
 * in use, each sending every two milliseconds, that would be all that two cores do. So the wait
 * grows with the number of batches being built, and a client sends no more than {@value
 * #NANOS_PER_BATCH} ns apart on average, whatever the number of ranges.
 */
final class Linger {

  private static final long NANOS_PER_BATCH = 150_000;

  private volatile long whileIdle = RecordingSettings.LINGER.toNanos();

  /** So many batches are being built. */
  void noteBuilding(int batches) {
    whileIdle = RecordingSettings.LINGER.toNanos() + batches * NANOS_PER_BATCH;
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
