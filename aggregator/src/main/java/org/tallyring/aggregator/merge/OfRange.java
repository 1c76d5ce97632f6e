package org.tallyring.aggregator.merge;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Something that one range contributes to an answer. */
public interface OfRange {

  /** The range. */
  int rangeId();

  /** The epoch of the owner that answered. */
  long epoch();

  /** The contributions by range; of several of a range that of the highest epoch. */
  static <T extends OfRange> Map<Integer, T> newest(Collection<T> contributions) {
    Map<Integer, T> newest = new HashMap<>();
    for (T contribution : contributions) {
      newest.merge(contribution.rangeId(), contribution, (a, b) -> a.epoch() >= b.epoch() ? a : b);
    }
    return newest;
  }
}
