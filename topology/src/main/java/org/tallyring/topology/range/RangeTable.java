package org.tallyring.topology.range;

/**
 * The ring of 64-bit key hashes, cut into equal half-open ranges.
 *
 * <p>Range {@code i} of {@code n} holds the hashes {@code [i * 2^64/n, (i+1) * 2^64/n)}, as
 * unsigned numbers. {@code n} is a power of two, so the range of a hash is its top bits. Immutable.
 *
 * @param rangeCount into how many ranges the ring is cut: a power of two, 1 to {@value
 *     #MAX_RANGE_COUNT}
 */
public record RangeTable(int rangeCount) {

  /** How many ranges a cluster has unless it was created with another number. */
  public static final int DEFAULT_RANGE_COUNT = 64;

  /** The most ranges a cluster can have. */
  public static final int MAX_RANGE_COUNT = 16_384;

  /** Refuses a count that is not a power of two within bounds. */
  public RangeTable {
    if (rangeCount < 1 || rangeCount > MAX_RANGE_COUNT || Integer.bitCount(rangeCount) != 1) {
      throw new IllegalArgumentException(
          "rangeCount: " + rangeCount + " (expected: a power of two, 1.." + MAX_RANGE_COUNT + ")");
    }
  }

  /** The range that holds a key hash: 0 to {@code rangeCount - 1}. */
  public int rangeOf(long hash) {
    // A shift by 64 would be a shift by 0 in Java, hence the special case of a single range.
    return rangeCount == 1 ? 0 : (int) (hash >>> (64 - Integer.numberOfTrailingZeros(rangeCount)));
  }

  /** The lowest hash of a range, an unsigned number. */
  public long startOf(int rangeId) {
    if (rangeId < 0 || rangeId >= rangeCount) {
      throw new IllegalArgumentException(
          "rangeId: " + rangeId + " (expected: 0.." + (rangeCount - 1) + ")");
    }
    return rangeCount == 1 ? 0 : (long) rangeId << (64 - Integer.numberOfTrailingZeros(rangeCount));
  }
}
