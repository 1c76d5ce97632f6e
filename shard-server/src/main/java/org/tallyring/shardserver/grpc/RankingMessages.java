package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.LateCorrections;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.internal.v1.RankingFloor;
import org.tallyring.proto.internal.v1.RankingRows;
import org.tallyring.proto.window.Windows;
import org.tallyring.shardserver.engine.PublishedRanking;
import org.tallyring.shardserver.engine.PublishedRankings;
import org.tallyring.shardserver.engine.Ranking;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.engine.WindowKey;

/** Rankings on the wire between shards and aggregators. */
final class RankingMessages {

  private RankingMessages() {}

  /** What a collector needs; a floor that says nothing is passed over. */
  static RankingFloors floors(List<RankingFloor> floors) {
    Map<WindowKey, Long> byWindow = new HashMap<>();
    for (RankingFloor floor : floors) {
      if (floor.getCount() > 0) {
        Windows.level(floor.getWindow())
            .ifPresent(
                level ->
                    byWindow.put(
                        new WindowKey(
                            floor.getNamespaceUid(),
                            floor.getMetric(),
                            level,
                            floor.getStartMillis()),
                        floor.getCount()));
      }
    }
    return new RankingFloors(byWindow);
  }

  /** One range's answer to a collector that knows {@code known}, or nothing. */
  static CollectedRange collected(
      int rangeId,
      long epoch,
      PublishedRankings rankings,
      @Nullable RangeVersion known,
      long nowMillis) {
    CollectedRange.Builder range =
        CollectedRange.newBuilder()
            .setVersion(
                RangeVersion.newBuilder()
                    .setRangeId(rangeId)
                    .setEpoch(epoch)
                    .setVersion(rankings.version()))
            .setPublishedAtMillis(nowMillis);
    long since = known != null && known.getEpoch() == epoch ? known.getVersion() : 0;
    for (PublishedRanking changed : rankings.changedSince(since)) {
      RangeRanking.Builder ranking =
          ranking(changed.window(), changed.ranking()).setRangeId(rangeId);
      if (changed.floor() != RankingFloors.NONE) {
        ranking.setFloor(changed.floor());
      }
      range.addRankings(ranking);
    }
    rankings
        .lateCorrections()
        .forEach(
            late ->
                range.addLateCorrections(
                    LateCorrections.newBuilder()
                        .setNamespaceUid(late.namespaceUid())
                        .setMetric(late.metric())
                        .setBatches(late.batches())));
    return range.build();
  }

  /** A ranking on its way; which range's is to be added. */
  static RangeRanking.Builder ranking(WindowKey window, Ranking ranking) {
    RankingRows rows = rows(ranking);
    RangeRanking.Builder message =
        RangeRanking.newBuilder()
            .setNamespaceUid(window.namespaceUid())
            .setMetric(window.metric())
            .setWindow(Windows.window(window.level()))
            .setStartMillis(window.startMillis())
            .setRevision(ranking.revision())
            .setKeys(rows.getKeys())
            .addAllKeyLengths(rows.getKeyLengthsList())
            .addAllCounts(rows.getCountsList());
    Qualities.say(ranking.quality(), message::setQuality);
    return message;
  }

  /** The rows of a ranking, column by column. */
  static RankingRows rows(Ranking ranking) {
    RankingRows.Builder rows = RankingRows.newBuilder();
    ByteString.Output keys = ByteString.newOutput();
    for (int i = 0; i < ranking.size(); i++) {
      byte[] key = ranking.key(i);
      keys.write(key, 0, key.length);
      rows.addKeyLengths(key.length).addCounts(ranking.count(i));
    }
    return rows.setKeys(keys.toByteString()).build();
  }
}
