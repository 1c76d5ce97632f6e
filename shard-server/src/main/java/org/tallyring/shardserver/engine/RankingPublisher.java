package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.WindowLevel;

/** Publishes the open windows of a range, scanning only what changed since the last time. */
final class RankingPublisher {

  /** A ranking, and by what the bucket is known to be unchanged. */
  private record Scanned(BucketCounts bucket, long lastBatch, int k, PublishedRanking published) {}

  private Map<WindowKey, Scanned> scanned = new HashMap<>();
  private @Nullable PublishedRankings last;

  /**
   * The open windows now: the hour, day and month that contain {@code nowMillis}, and all time.
   *
   * @return the last publication itself when the content is the same
   */
  PublishedRankings publish(Iterable<NamespaceCounts> namespaces, long nowMillis, int k) {
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
            Scanned result = scan(window, namespace.keys(), metric, bucket, k, next);
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
      long nextVersion) {
    CountQuality quality = metric.quality(bucket.interval());
    Scanned before = scanned.get(window);
    if (before != null
        && before.bucket == bucket
        && before.lastBatch == bucket.lastBatch()
        && before.k == k
        && before.published.ranking().quality().equals(quality)) {
      return before;
    }
    Ranking ranking = bucket.ranking(keys, k, floor(before, k)).with(quality);
    // A scan may find what it found before: increments below the ranking, or some that cancel out.
    PublishedRanking published =
        before != null && before.published.ranking().equals(ranking)
            ? before.published
            : new PublishedRanking(nextVersion, window, ranking);
    return new Scanned(bucket, bucket.lastBatch(), k, published);
  }

  /** As long as no count falls, the place {@code k} of the last scan has its count or more. */
  private static long floor(@Nullable Scanned before, int k) {
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
