package org.tallyring.aggregator.merge;

import java.util.OptionalLong;

/**
 * How good counts are.
 *
 * @param maxError no count differs by more from the true one, what {@code standardError} says apart
 * @param standardError the relative standard error of large counts; 0 unless they are approximate
 * @param sinceMillis counts of earlier event times are missing; empty if none are
 */
public record Quality(long maxError, double standardError, OptionalLong sinceMillis) {

  /** Exact, and nothing is missing. */
  public static final Quality EXACT = new Quality(0, 0, OptionalLong.empty());

  /** Whether the counts are the true ones, of what is not missing. */
  public boolean isExact() {
    return maxError == 0 && standardError == 0;
  }

  /** The quality of counts of which each is one of two such. */
  public Quality or(Quality other) {
    return new Quality(
        Math.max(maxError, other.maxError),
        Math.max(standardError, other.standardError),
        sinceMillis.isPresent() && other.sinceMillis.isPresent()
            ? OptionalLong.of(Math.max(sinceMillis.getAsLong(), other.sinceMillis.getAsLong()))
            : sinceMillis.isPresent() ? sinceMillis : other.sinceMillis);
  }
}
