package org.tallyring.aggregator.collect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.LateCorrections;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.window.Windows;

/**
 * The open windows of one range, as its owner published them. Immutable.
 *
 * @param shardId the owner that published it
 * @param version the range, the owner's epoch and its publication
 * @param publishedAtMillis when it was published, in milliseconds since 1970-01-01T00:00:00Z
 * @param confirmedAtNanos when the owner last said that this is its newest publication, on our own
 *     monotonic clock
 * @param completeAtNanos when the owner last sent all of it and not only what changed
 * @param rankings the rankings of the open windows
 * @param nothing what stands for a window without a ranking, in which nothing was counted
 * @param lateCorrections how often final windows were corrected
 */
record RangeHolding(
    String shardId,
    RangeVersion version,
    long publishedAtMillis,
    long confirmedAtNanos,
    long completeAtNanos,
    Map<WindowKey, RangePart> rankings,
    RangePart nothing,
    Map<Metric, Long> lateCorrections) {

  /** A metric of a namespace. */
  record Metric(long namespaceUid, String name) {}

  /** What a range looks like from an answer that holds all of it. */
  static RangeHolding complete(String shardId, CollectedRange collected, long nowNanos) {
    return new RangeHolding(
        shardId,
        collected.getVersion(),
        collected.getPublishedAtMillis(),
        nowNanos,
        nowNanos,
        with(Map.of(), collected),
        new RangePart(
            collected.getVersion().getRangeId(),
            collected.getVersion().getEpoch(),
            0,
            Ranking.EMPTY),
        corrections(Map.of(), collected.getLateCorrectionsList()));
  }

  /** This, with what the same owner says has changed since. */
  RangeHolding changed(CollectedRange collected, long nowNanos) {
    return new RangeHolding(
        shardId,
        collected.getVersion(),
        collected.getPublishedAtMillis(),
        nowNanos,
        completeAtNanos,
        with(rankings, collected),
        nothing,
        corrections(lateCorrections, collected.getLateCorrectionsList()));
  }

  long epoch() {
    return version.getEpoch();
  }

  /** The range's part of a window's ranking; the same object as long as it has not changed. */
  RangePart part(WindowKey window) {
    return rankings.getOrDefault(window, nothing);
  }

  private static Map<WindowKey, RangePart> with(
      Map<WindowKey, RangePart> rankings, CollectedRange collected) {
    List<RangeRanking> changes = collected.getRankingsList();
    if (changes.isEmpty()) {
      return rankings;
    }
    Map<WindowKey, RangePart> merged = new HashMap<>(rankings);
    for (RangeRanking change : changes) {
      Windows.level(change.getWindow())
          .ifPresent(
              level ->
                  merged.put(
                      new WindowKey(
                          change.getNamespaceUid(),
                          change.getMetric(),
                          level,
                          change.getStartMillis()),
                      new RangePart(
                          collected.getVersion().getRangeId(),
                          collected.getVersion().getEpoch(),
                          change.getRevision(),
                          ranking(change),
                          change.hasFloor() ? change.getFloor() : RangePart.NO_FLOOR)));
    }
    return Map.copyOf(merged);
  }

  /**
   * The columns of a ranking as received.
   *
   * @throws IllegalArgumentException if they are damaged
   */
  static Ranking ranking(RangeRanking received) {
    Ranking ranking =
        Ranking.of(
            received.getKeys().toByteArray(),
            received.getKeyLengthsList(),
            received.getCountsList(),
            received.getBesideList());
    return ranking.with(Qualities.of(received.getQuality()));
  }

  private static Map<Metric, Long> corrections(
      Map<Metric, Long> corrections, List<LateCorrections> changes) {
    if (changes.isEmpty()) {
      return corrections;
    }
    Map<Metric, Long> merged = new HashMap<>(corrections);
    for (LateCorrections change : changes) {
      merged.put(new Metric(change.getNamespaceUid(), change.getMetric()), change.getBatches());
    }
    return Map.copyOf(merged);
  }
}
