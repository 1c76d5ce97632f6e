package org.tallyring.shardserver.engine;

/**
 * How good counts are.
 *
 * @param maxError no count differs by more from the true one, what {@code standardError} says apart
 * @param standardError the relative standard error of large counts; 0 unless they are approximate
 * @param sinceMillis counts of earlier event times are missing; {@link #NOTHING_MISSING} if none
 *     are
 */
public record CountQuality(long maxError, double standardError, long sinceMillis) {

  /** In place of a time: nothing is missing. */
  public static final long NOTHING_MISSING = Long.MIN_VALUE;

  /** Exact, and nothing is missing. */
  public static final CountQuality EXACT = new CountQuality(0, 0, NOTHING_MISSING);

  /** The quality of counts of which each is one of two such. */
  CountQuality or(CountQuality other) {
    return new CountQuality(
        Math.max(maxError, other.maxError),
        Math.max(standardError, other.standardError),
        Math.max(sinceMillis, other.sinceMillis));
  }

  /** The quality of the sum of two such counts. */
  CountQuality plus(CountQuality other) {
    return new CountQuality(
        AbsoluteSum.add(maxError, other.maxError),
        // A sum's relative error is at most that of its worse term.
        Math.max(standardError, other.standardError),
        Math.max(sinceMillis, other.sinceMillis));
  }
}
