package org.tallyring.shardserver.ownership;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who is to be told that a range has new events. Belongs to the range's loop. */
final class EventListeners {

  private final Map<Runnable, Double> hitRates = new LinkedHashMap<>();
  private long told;

  void add(Runnable listener, double hitRate) {
    hitRates.put(listener, hitRate);
  }

  void remove(Runnable listener) {
    hitRates.remove(listener);
  }

  /** The highest rate of hits that one of them wants. */
  double hitRate() {
    return hitRates.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
  }

  /**
   * Tells all of them if there is anything new.
   *
   * @param events how many events there have been, hits included; never falls
   */
  void tell(long events) {
    if (events != told) {
      told = events;
      tell();
    }
  }

  /** Tells all of them. */
  void tell() {
    List.copyOf(hitRates.keySet()).forEach(Runnable::run);
  }
}
