package org.tallyring.shardserver.engine;

import java.util.Map;

/**
 * The counts below which a reader of rankings needs no keys, window by window.
 *
 * <p>Whoever merges the best K of many ranges knows from the last time about how high the K-th best
 * of all of them is, and a range that holds a few of those need not send K of its own. Immutable.
 *
 * @param byWindow the lowest count that is needed, by window; positive
 */
public record RankingFloors(Map<WindowKey, Long> byWindow) {

  /** In place of a floor: every key is needed. */
  public static final long NONE = RankingHeap.NO_FLOOR;

  /** Every key of every window is needed. */
  public static final RankingFloors OF_NOTHING = new RankingFloors(Map.of());

  /** Copies the map. */
  public RankingFloors {
    byWindow = Map.copyOf(byWindow);
  }

  long of(WindowKey window) {
    return byWindow.getOrDefault(window, NONE);
  }

  /** Whether rankings cut off at {@code other} hold all that is needed here. */
  public boolean isServedBy(RankingFloors other) {
    return other.byWindow.entrySet().stream()
        .allMatch(entry -> entry.getValue() <= of(entry.getKey()));
  }
}
