package org.tallyring.aggregator.collect;

import java.util.List;
import org.tallyring.aggregator.merge.RangePart;

/**
 * What the ranges published about one open window.
 *
 * @param parts one for each range included, with or without keys
 * @param coverage how much of the cluster that is
 * @param changes how often what is held had changed before this was read
 * @param validUntilNanos when the first of the parts will be too old, on our own monotonic clock
 */
record OpenWindow(List<RangePart> parts, Coverage coverage, long changes, long validUntilNanos) {

  /** Whether the parts are the very same. */
  boolean isMadeOf(List<RangePart> others) {
    if (parts.size() != others.size()) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i) != others.get(i)) {
        return false;
      }
    }
    return true;
  }
}
