package org.tallyring.aggregator.collect;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * @param rankings the rankings of the open windows; a window without a ranking counted nothing
 * @param lateCorrections how often final windows were corrected
 */
record RangeHolding(
    String shardId,
    RangeVersion version,
    long publishedAtMillis,
    long confirmedAtNanos,
    long completeAtNanos,
    Map<WindowKey, Held> rankings,
    Map<Metric, Long> lateCorrections) {

  /** A ranking and how often its window was corrected after it was final. */
  record Held(long revision, Ranking ranking) {}

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
        with(Map.of(), collected.getRankingsList()),
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
        with(rankings, collected.getRankingsList()),
        corrections(lateCorrections, collected.getLateCorrectionsList()));
  }

  long epoch() {
    return version.getEpoch();
  }

  private static Map<WindowKey, Held> with(
      Map<WindowKey, Held> rankings, List<RangeRanking> changes) {
    if (changes.isEmpty()) {
      return rankings;
    }
    Map<WindowKey, Held> merged = new HashMap<>(rankings);
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
                      new Held(change.getRevision(), ranking(change))));
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
