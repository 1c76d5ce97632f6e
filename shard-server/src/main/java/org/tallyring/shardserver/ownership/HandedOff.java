package org.tallyring.shardserver.ownership;

/**
 * What an owner knew of a range when it had closed the journal. The next owner must find the same.
 *
 * @param epoch the owner's
 * @param increments how many increments the range had applied, ever
 * @param stoppedMillis for how long it had taken nothing by then
 */
public record HandedOff(long epoch, long increments, long stoppedMillis) {

  /**
   * A replay that has not what the owner before had would serve wrong counts. This is no check of
   * the journal, which is what counts in the end, but of those who wrote and read it.
   *
   * @param nextEpoch of the tenure that has replayed; says nothing if others came in between
   * @param replayed how many increments it has
   * @throws IllegalStateException if that is not as many
   */
  void requireFound(int rangeId, long nextEpoch, long replayed) {
    if (epoch + 1 == nextEpoch && increments != replayed) {
      throw new IllegalStateException(
          "range %d: %d increments replayed (expected: the %d that were handed off)"
              .formatted(rangeId, replayed, increments));
    }
  }
}
