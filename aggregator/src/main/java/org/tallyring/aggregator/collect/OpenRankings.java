package org.tallyring.aggregator.collect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.proto.internal.v1.RankingFloor;
import org.tallyring.proto.window.Windows;

/*
 * Merged once, read by any number, and asked for no more than is needed
 * ---------------------------------------------------------------------
 * A window is merged again only when a part of it is another object than at the last merge, which costs
 * one comparison for each range to find out. So a thousand readers between two collections share one
 * merge, and nothing has to be told when something changes.
 *
 * The K-th best count of the last merge is also what the next collection can do with: counts rise, so
 * the K best of the next one will have that count or more, and a range of 64 sends some twenty keys of
 * each window instead of a thousand. If ranges are missing, as each is for a moment when it is handed
 * off, or counts fall (corrections), fewer than K keys may reach the floor. Then the merge does not hold
 * K, says so, and the next collection is asked for half of the floor, and so on down to none. Half is
 * what shards know without looking at all counts (their leaders), and it brings back many more keys than
 * a range in 64 had. Were everything asked for at once, each hand-off would make all shards rank and send
 * a thousand keys of every window and range, while other ranges wait behind that to be handed off.
 */

/** The merged rankings of the open windows. Thread-safe. */
public final class OpenRankings {

  /** How many keys are held of each window. */
  static final int K = 1000;

  /** A merge and what it is made of. */
  private record Merged(List<RangePart> parts, MergedTopK topK) {}

  private final Holdings holdings;
  private final Map<WindowKey, Merged> merged = new ConcurrentHashMap<>();

  /** Of what is held. */
  public OpenRankings(Holdings holdings) {
    this.holdings = holdings;
  }

  /**
   * A window's best, merged.
   *
   * @param coverage how much of the cluster is in it
   */
  public record Open(MergedTopK topK, Coverage coverage) {}

  /** What the ranges published about a window that was open when they did. */
  public Open read(WindowKey window) {
    OpenWindow held = holdings.read(window);
    Merged known = merged.get(window);
    if (known == null || !held.isMadeOf(known.parts)) {
      known = new Merged(held.parts(), RangeMerge.merge(held.parts(), K));
      // Somebody may ask for a window that nobody counted in; that is not worth keeping.
      if (known.topK.ranking().size() > 0) {
        merged.put(window, known);
      }
    }
    return new Open(known.topK, held.coverage());
  }

  /** What the next collection can do with. Forgets the windows that nobody publishes any more. */
  List<RankingFloor> floors() {
    Set<WindowKey> windows = holdings.windows();
    merged.keySet().retainAll(windows);
    List<RankingFloor> floors = new ArrayList<>();
    for (WindowKey window : windows) {
      long floor = next(read(window).topK());
      if (floor > 0) {
        floors.add(
            RankingFloor.newBuilder()
                .setNamespaceUid(window.namespaceUid())
                .setMetric(window.metric())
                .setWindow(Windows.window(window.level()))
                .setStartMillis(window.startMillis())
                .setCount(floor)
                .build());
      }
    }
    return floors;
  }

  /** Below which counts the next collection may leave keys out; 0 if it may not. */
  private static long next(MergedTopK topK) {
    if (topK.ranking().size() == K) {
      return topK.ranking().count(K - 1);
    }
    // While answers with a lower floor are on their way the merge has the one before, and this too.
    return topK.floor() > 1 ? topK.floor() - topK.floor() / 2 : 0;
  }
}
