package org.tallyring.aggregator.collect;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.window.Intervals;

/**
 * Asks the shards for rankings that are not collected: of other windows, of spans and by criteria.
 * Thread-safe and never blocking.
 */
public final class WindowQueries {

  private final Broadcast broadcast;

  /** Queries to the shards of a cluster. */
  public WindowQueries(Cluster cluster, ShardCalls calls, EventLoop loop) {
    this.broadcast = new Broadcast(cluster, calls, loop);
  }

  /**
   * Asks every live shard at once.
   *
   * @return what the owners answered. The ranges of a shard that does not answer are missing. Fails
   *     only if the question itself is refused.
   */
  public CompletableFuture<IntervalParts<RangePart>> query(QueryTopKRequest request) {
    return broadcast.ask(
        RangeServiceGrpc.getQueryTopKMethod(),
        request,
        answer -> new IntervalParts<>(parts(answer), Intervals.fromProto(answer.getNotKeptList())));
  }

  private static List<RangePart> parts(QueryTopKResponse answer) {
    Map<Integer, Long> epochs = new HashMap<>();
    for (RangeVersion version : answer.getVersionsList()) {
      epochs.put(version.getRangeId(), version.getEpoch());
    }
    List<RangePart> parts = new ArrayList<>(answer.getRankingsCount());
    for (RangeRanking ranking : answer.getRankingsList()) {
      Long epoch = epochs.get(ranking.getRangeId());
      if (epoch == null) {
        throw new IllegalArgumentException(
            "versions: none for range " + ranking.getRangeId() + " (expected: one per ranking)");
      }
      parts.add(
          new RangePart(
              ranking.getRangeId(), epoch, ranking.getRevision(), RangeHolding.ranking(ranking)));
    }
    return parts;
  }
}
