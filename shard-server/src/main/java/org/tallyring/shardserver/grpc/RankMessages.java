package org.tallyring.shardserver.grpc;

import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.RangePage;
import org.tallyring.proto.internal.v1.RangePosition;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankedView;
import org.tallyring.shardserver.ownership.NumberedView;
import org.tallyring.shardserver.ownership.RankedInterval;

/**
 * Places and pages of one range on the wire between shards and aggregators; range and epoch are to
 * be added.
 */
final class RankMessages {

  private static final int MAX_ROWS = 1_000;

  private RankMessages() {}

  static void checkSize(int size) {
    if (size < 1 || size > MAX_ROWS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "size",
          "size: " + size + " (expected: 1.." + MAX_ROWS + ")");
    }
  }

  /** Where the key stands in a view, by its own count in it or by the count asked with. */
  static RangePosition.Builder position(
      QueryRankRequest request, RankedInterval ranked, RangeEngine engine, NumberedView numbered) {
    RankedView view = numbered.view();
    byte[] key = request.getKey().toByteArray();
    RangePosition.Builder position =
        RangePosition.newBuilder()
            .setView(RangeVersion.newBuilder().setVersion(numbered.number()))
            .setRevision(view.revision())
            .setAsOfMillis(numbered.asOfMillis())
            .setTotal(view.size());
    Qualities.say(view.quality(), position::setQuality);
    if (request.hasCount()) {
      int before = view.before(request.getCount(), key);
      return rows(request, view, before, before, position.setCount(request.getCount()));
    }
    long now = engine.count(ranked.namespaceUid(), ranked.metric(), ranked.interval(), key);
    int place = view.place(key, now);
    return place < 0
        ? position
        : rows(request, view, place, place + 1, position.setCount(view.count(place)));
  }

  private static RangePosition.Builder rows(
      QueryRankRequest request,
      RankedView view,
      int before,
      int after,
      RangePosition.Builder position) {
    int neighbors = Math.min(request.getNeighbors(), MAX_ROWS);
    return position
        .setBefore(before)
        .setAbove(RankingMessages.rows(view.rows(before - neighbors, before)))
        .setBelow(RankingMessages.rows(view.rows(after, after + neighbors)));
  }

  /** The rows of a view after the last one given out; a view that is gone says so. */
  static RangePage.Builder page(QueryRankingPageRequest request, @Nullable NumberedView numbered) {
    RangePage.Builder page = RangePage.newBuilder();
    if (numbered == null) {
      return page.setExpired(true);
    }
    RankedView view = numbered.view();
    int from = 0;
    if (!request.getAfterKey().isEmpty()) {
      byte[] key = request.getAfterKey().toByteArray();
      from = view.before(request.getAfterCount(), key);
      // In the range of the last row it stands there itself.
      if (from < view.size() && view.isAt(from, key)) {
        from++;
      }
    }
    Qualities.say(view.quality(), page::setQuality);
    return page.setView(RangeVersion.newBuilder().setVersion(numbered.number()))
        .setRevision(view.revision())
        .setAsOfMillis(numbered.asOfMillis())
        .setTotal(view.size())
        .setRows(RankingMessages.rows(view.rows(from, from + request.getSize())));
  }
}
