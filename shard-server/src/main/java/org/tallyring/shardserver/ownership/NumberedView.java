package org.tallyring.shardserver.ownership;

import org.tallyring.shardserver.engine.RankedView;

/**
 * A sorted view of a range's counts.
 *
 * @param number its number, never used again in the same tenure of the range
 * @param view the view; to be read on the range's loop only
 * @param asOfMillis everything applied before this moment is in it, in milliseconds since
 *     1970-01-01T00:00:00Z
 */
public record NumberedView(long number, RankedView view, long asOfMillis) {

  /** The same view, known to be still true at a later moment. */
  NumberedView asOf(long laterMillis) {
    return new NumberedView(number, view, laterMillis);
  }
}
