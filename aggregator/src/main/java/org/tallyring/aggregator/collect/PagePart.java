package org.tallyring.aggregator.collect;

import org.tallyring.aggregator.merge.OfRange;
import org.tallyring.aggregator.merge.RangePart;

/**
 * What one range contributes to a page of a whole ranking.
 *
 * @param part its next rows
 * @param view the number of the view that they are from
 * @param expired whether the view that was asked for is gone; then nothing but the range holds
 * @param asOfMillis everything applied before this moment is in the view, in milliseconds since
 *     1970-01-01T00:00:00Z
 * @param total how many keys the range ranks
 */
public record PagePart(RangePart part, long view, boolean expired, long asOfMillis, long total)
    implements OfRange {

  @Override
  public int rangeId() {
    return part.rangeId();
  }

  @Override
  public long epoch() {
    return part.epoch();
  }
}
