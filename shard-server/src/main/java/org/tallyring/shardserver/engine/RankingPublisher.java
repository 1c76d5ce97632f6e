package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.WindowLevel;

/** Publishes the open windows of a range, scanning only what changed since the last time. */
final class RankingPublisher {

  /**
   * A ranking, and by what it is known to be still right.
   *
   * @param floor the floor that was asked for; a higher one is served by it, too
   */
  private record Scanned(
      BucketCounts bucket, long lastBatch, int k, long floor, PublishedRanking published) {}

  private Map<WindowKey, Scanned> scanned = new HashMap<>();
  private @Nullable PublishedRankings last;

  /**
   * The open windows now: the hour, day and month that contain {@code nowMillis}, and all time.
   *
   * @param floors below which counts keys may be left out
   * @return the last publication itself when the content is the same
   */
  PublishedRankings publish(
      Iterable<NamespaceCounts> namespaces, long nowMillis, int k, RankingFloors floors) {
    long next = last == null ? 1 : last.version() + 1;
    Map<WindowKey, Scanned> open = new HashMap<>();
    List<PublishedRanking> rankings = new ArrayList<>();
    List<PublishedRankings.LateCorrections> late = new ArrayList<>();
    for (NamespaceCounts namespace : namespaces) {
      for (MetricCounts metric : namespace.metrics()) {
        for (WindowLevel level : WindowLevel.values()) {
          BucketCounts bucket =
              level.isWindow() ? metric.buckets().find(level, level.start(nowMillis)) : null;
          if (bucket != null) {
            WindowKey window =
                new WindowKey(namespace.uid(), metric.name(), level, bucket.startMillis());
            Scanned result =
                scan(window, namespace.keys(), metric, bucket, k, floors.of(window), next);
            open.put(window, result);
            rankings.add(result.published);
          }
        }
        if (metric.lateCorrections() > 0) {
          late.add(
              new PublishedRankings.LateCorrections(
                  namespace.uid(), metric.name(), metric.lateCorrections()));
        }
      }
    }
    scanned = open;
    return publishIfNew(next, nowMillis, rankings, late);
  }

  private Scanned scan(
      WindowKey window,
      KeyTable keys,
      MetricCounts metric,
      BucketCounts bucket,
      int k,
      long floor,
      long nextVersion) {
    CountQuality quality = metric.quality(bucket.interval());
    Scanned before = scanned.get(window);
    if (before != null
        && before.bucket == bucket
        && before.lastBatch == bucket.lastBatch()
        && before.k == k
        && before.floor <= floor
        && before.published.ranking().quality().equals(quality)) {
      return before;
    }
    Ranking ranking = bucket.ranking(keys, k, likelyFloor(before, k), floor).with(quality);
    // The best k of all are that, whatever was asked for.
    long leftOutBelow = ranking.size() == k ? RankingFloors.NONE : floor;
    // A scan may find what it found before: increments below the ranking, or some that cancel out.
    PublishedRanking published =
        before != null
                && before.published.floor() == leftOutBelow
                && before.published.ranking().equals(ranking)
            ? before.published
            : new PublishedRanking(nextVersion, window, ranking, leftOutBelow);
    return new Scanned(bucket, bucket.lastBatch(), k, floor, published);
  }

  /** As long as no count falls, the place {@code k} of the last scan has its count or more. */
  private static long likelyFloor(@Nullable Scanned before, int k) {
    return before == null || before.published.ranking().size() < k
        ? RankingHeap.NO_FLOOR
        : before.published.ranking().count(k - 1);
  }

  private PublishedRankings publishIfNew(
      long nextVersion,
      long nowMillis,
      List<PublishedRanking> rankings,
      List<PublishedRankings.LateCorrections> late) {
    if (last != null && last.rankings().equals(rankings) && last.lateCorrections().equals(late)) {
      return last;
    }
    boolean nothing = last == null && rankings.isEmpty() && late.isEmpty();
    last = new PublishedRankings(nothing ? 0 : nextVersion, nowMillis, rankings, late);
    return last;
  }
}
