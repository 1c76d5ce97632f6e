package org.tallyring.aggregator.collect;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.internal.v1.RankingFloor;
import org.tallyring.proto.window.Windows;

/*
 * Merged once, read by any number, and asked for no more than is needed
 * ---------------------------------------------------------------------
 * A window is merged again only when a part of it is another object than at the last merge. Between two
 * collections nothing changes but the time, after which a range that is not heard of is too old; so until
 * then a reader takes what is here without looking at the ranges. When a collection comes in, the windows
 * that somebody asks for are merged at once, on the thread that brings it: readers do
 * not wait for it, unless they come just then.
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
  private static final class Merged {

    final OpenWindow window;
    final Open open;

    /** In which round somebody has asked for it last. */
    volatile long askedIn;

    Merged(OpenWindow window, MergedTopK topK, long askedIn) {
      this.window = window;
      this.open = new Open(topK, window.coverage());
      this.askedIn = askedIn;
    }
  }

  private static final long NEVER = -2;

  private final Holdings holdings;
  private final Map<WindowKey, Merged> merged = new ConcurrentHashMap<>();

  /** Counts the times that all shards are asked. */
  private final AtomicLong round = new AtomicLong();

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
    Merged present = present(window);
    long now = round.get();
    if (present.askedIn != now) {
      present.askedIn = now;
    }
    return present.open;
  }

  /**
   * Merges anew what has been asked for in this round or the one before. To be called when what is
   * held has changed.
   */
  void refresh() {
    long now = round.get();
    merged.forEach(
        (window, known) -> {
          if (now - known.askedIn <= 1) {
            present(window);
          }
        });
  }

  /** Whether somebody who asks now finds it merged. */
  boolean isCurrent(WindowKey window) {
    @Nullable Merged known = merged.get(window);
    return known != null && isCurrent(known);
  }

  private boolean isCurrent(Merged known) {
    return holdings.isStillSo(known.window);
  }

  private Merged present(WindowKey window) {
    @Nullable Merged known = merged.get(window);
    if (known != null && isCurrent(known)) {
      return known;
    }
    OpenWindow held = holdings.read(window);
    Merged newer =
        new Merged(
            held,
            known != null && held.isMadeOf(known.window.parts())
                ? known.open.topK()
                : RangeMerge.merge(held.parts(), K),
            known == null ? NEVER : known.askedIn);
    // Somebody may ask for a window that nobody counted in; that is not worth keeping.
    if (newer.open.topK().ranking().size() > 0) {
      merged.put(window, newer);
    }
    return newer;
  }

  /**
   * What the next collection can do with, which begins a round. Forgets the windows that nobody
   * publishes any more.
   */
  List<RankingFloor> floors() {
    round.incrementAndGet();
    Set<WindowKey> windows = holdings.windows();
    merged.keySet().retainAll(windows);
    List<RankingFloor> floors = new ArrayList<>();
    for (WindowKey window : windows) {
      long floor = next(present(window).open.topK());
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
