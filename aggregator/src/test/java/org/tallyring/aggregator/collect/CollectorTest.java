package org.tallyring.aggregator.collect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.aggregator.fake.FakeCluster;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.aggregator.fake.HandTurnedLoop;
import org.tallyring.aggregator.merge.MergedTopK;
import org.tallyring.aggregator.merge.RangeMerge;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.topology.window.WindowLevel;

final class CollectorTest {

  private static final Instant NOW = Instant.parse("2026-01-15T10:30:00Z");
  private static final WindowKey ALL = FakeShards.window(WindowLevel.ALL, 0);
  private static final int RANGES = 4;

  /** The count of the last of K in {@link #collectWithAFloor}. */
  private static final long FLOOR = 10 + 2 * OpenRankings.K;

  private final HandTurnedLoop loop = new HandTurnedLoop();
  private final InstantSource clock = () -> NOW.plusNanos(loop.nanoTime());
  private final FakeShards shards = new FakeShards(clock, RANGES, "shard-1", "shard-2");
  private final FakeCluster cluster = new FakeCluster(shards, "shard-1", "shard-2");
  private final Holdings holdings = new Holdings(loop::nanoTime);
  private final OpenRankings rankings = new OpenRankings(holdings);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Collector collector =
      new Collector(
          cluster,
          new ShardCalls(cluster),
          holdings,
          rankings,
          new CollectorMetrics(registry, holdings, clock),
          loop);

  @BeforeEach
  void countSomething() {
    for (int i = 0; i < 20; i++) {
      shards.count(ALL, "key-" + i, 100 - i);
    }
  }

  @AfterEach
  void close() {
    collector.close();
    cluster.close();
  }

  @Test
  void theFirstCollectionCoversEveryRange() {
    assertThat(collector.complete()).isNotDone();

    collector.start();

    assertThat(collector.complete()).isCompleted();
    assertThat(holdings.coverage()).isEqualTo(new Coverage(RANGES, RANGES, NOW.toEpochMilli()));
    assertThat(top(3)).containsExactly("key-0=100", "key-1=99", "key-2=98");
  }

  @Test
  void aNewCountIsSeenOnePeriodLater() {
    collector.start();
    shards.count(ALL, "key-19", 1000);
    assertThat(top(1)).containsExactly("key-0=100");

    loop.turn(Collector.PERIOD);

    assertThat(top(2)).containsExactly("key-19=1081", "key-0=100");
    assertThat(holdings.coverage().asOfMillis())
        .isEqualTo(NOW.plus(Collector.PERIOD).toEpochMilli());
  }

  @Test
  void onlyWhatChangedIsAskedFor() {
    collector.start();
    loop.turn(Collector.PERIOD);

    List<RangeVersion> known = shards.collections("shard-1").get(1).getKnownList();
    assertThat(known).hasSize(2).allSatisfy(v -> assertThat(v.getVersion()).isPositive());
    assertThat(shards.collect("shard-1", shards.collections("shard-1").get(1)).getRangesList())
        .allSatisfy(range -> assertThat(range.getRankingsList()).isEmpty());
    assertThat(top(3)).containsExactly("key-0=100", "key-1=99", "key-2=98");
  }

  @Test
  void everyRangeIsAskedForAsAWholeOnceInAWhile() {
    collector.start();
    loop.turn(Holdings.REFRESH_PERIOD.plus(Collector.PERIOD));

    long whole =
        shards.collections("shard-1").stream()
            .filter(request -> request.getKnownCount() == 0)
            .count();
    assertThat(whole).isEqualTo(2);
    assertThat(top(1)).containsExactly("key-0=100");
  }

  @Test
  void aRangeIsMissingFromTheChangeOfItsOwnerUntilTheNewOneIsCollected() {
    collector.start();
    int range = shards.rangeOf("key-0");
    String newOwner = range % 2 == 0 ? "shard-2" : "shard-1";

    shards.move(range, newOwner);
    holdings.observe(ClusterPicture.of(shards.topology()));

    assertThat(holdings.coverage().rangesIncluded()).isEqualTo(RANGES - 1);
    assertThat(top(20)).doesNotContain("key-0=100");

    loop.turn(Collector.PERIOD);

    assertThat(holdings.coverage().isComplete()).isTrue();
    assertThat(top(1)).containsExactly("key-0=100");
  }

  @Test
  void anOwnerThatIsNewerThanTheTopologyCounts() {
    collector.start();
    int range = shards.rangeOf("key-0");
    shards.move(range, range % 2 == 0 ? "shard-2" : "shard-1");
    shards.count(ALL, "key-0", 1);

    loop.turn(Collector.PERIOD);

    assertThat(holdings.coverage().isComplete()).isTrue();
    assertThat(top(1)).containsExactly("key-0=101");
  }

  @Test
  void theRangesOfADeadShardAreMissingAtOnce() {
    collector.start();
    cluster.stop("shard-2");
    shards.leave("shard-2");
    cluster.publish();

    assertThat(holdings.coverage().rangesIncluded()).isEqualTo(RANGES / 2);
  }

  @Test
  void aShardThatDoesNotAnswerIsMissingAfterAWhile() {
    collector.start();
    cluster.stop("shard-2");

    loop.turn(Holdings.MAX_AGE);
    assertThat(holdings.coverage().rangesIncluded()).isEqualTo(RANGES);

    loop.turn(Duration.ofMillis(1));
    assertThat(holdings.coverage().rangesIncluded()).isEqualTo(RANGES / 2);
    assertThat(cluster.doubts()).isPositive();
    assertThat(registry.get("tallyring.collection.ranges.included").gauge().value())
        .isEqualTo(RANGES / 2);
  }

  @Test
  void ownersAreCountedWhenTheyChange() {
    collector.start();
    long before = holdings.ownershipChanges();
    loop.turn(Collector.PERIOD.multipliedBy(4));
    assertThat(holdings.ownershipChanges()).isEqualTo(before);

    shards.move(0, "shard-2");
    loop.turn(Collector.PERIOD);

    assertThat(holdings.ownershipChanges()).isGreaterThan(before);
  }

  @Test
  void lateCorrectionsAreSummedOverRanges() {
    collector.start();
    assertThat(holdings.lateCorrections(FakeShards.UID, "clicks")).isZero();

    shards.correct(FakeShards.window(WindowLevel.HOUR, 0), "key-0", 1);
    shards.correct(FakeShards.window(WindowLevel.HOUR, 0), "key-1", 1);
    shards.correct(FakeShards.window(WindowLevel.HOUR, 0), "key-2", 1);
    loop.turn(Collector.PERIOD);

    assertThat(holdings.lateCorrections(FakeShards.UID, "clicks")).isEqualTo(3);
  }

  @Test
  void aRangeSendsOnlyWhatCanBeAmongTheBestOfAll() {
    for (int i = 0; i < 3 * OpenRankings.K; i++) {
      shards.count(ALL, "item-" + i, 10 + i);
    }
    collector.start();
    shards.count(ALL, "item-0", 10_000);

    loop.turn(Collector.PERIOD);

    List<CollectTopKRequest> asked = shards.collections("shard-1");
    assertThat(asked.get(0).getFloorsList()).isEmpty();
    assertThat(asked.get(1).getFloors(0).getCount()).isEqualTo(10 + 2 * OpenRankings.K);
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isTrue();
    assertThat(rankings.read(ALL).topK().ranking().size()).isEqualTo(OpenRankings.K);
    assertThat(top(2)).containsExactly("item-0=10010", "item-2999=3009");
    int rows = holdings.read(ALL).parts().stream().mapToInt(part -> part.ranking().size()).sum();
    // The range of item-0 sent its part anew; of the others nothing changed.
    assertThat(rows).isLessThan(RANGES * OpenRankings.K);
  }

  @Test
  void countsThatFallBringMoreBackWithTheCollectionAfterTheNext() {
    collectWithAFloor();
    countAllItems(-9);

    loop.turn(Collector.PERIOD);

    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isFalse();
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K - 9)).isTrue();

    countInEveryRange();
    loop.turn(Collector.PERIOD);

    assertThat(shards.collections("shard-1").get(3).getFloors(0).getCount()).isEqualTo(FLOOR / 2);
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isTrue();
  }

  @Test
  void aFloorThatNothingReachesFallsUntilThereIsNone() {
    collectWithAFloor();
    for (int i = 0; i < 3 * OpenRankings.K; i++) {
      shards.count(ALL, "item-" + i, -10 - i);
    }
    int halvings = 64 - Long.numberOfLeadingZeros(FLOOR);
    for (int i = 0; i < halvings + 2; i++) {
      countInEveryRange();
      loop.turn(Collector.PERIOD);
    }

    List<CollectTopKRequest> asked = shards.collections("shard-1");
    assertThat(asked.get(halvings + 2).getFloors(0).getCount()).isEqualTo(1);
    assertThat(asked.get(halvings + 3).getFloorsList()).isEmpty();
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isTrue();
  }

  @Test
  void aRangeThatIsMissingForAMomentDoesNotBringEverythingBack() {
    collectWithAFloor();
    shards.move(0, "shard-2");
    holdings.observe(ClusterPicture.of(shards.topology()));
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isFalse();

    loop.turn(Collector.PERIOD);

    assertThat(shards.collections("shard-1").get(2).getFloors(0).getCount()).isEqualTo(FLOOR / 2);
    assertThat(holdings.coverage().isComplete()).isTrue();
    assertThat(rankings.read(ALL).topK().holds(OpenRankings.K)).isTrue();
  }

  /** Collects three times K keys twice, the second time with a floor. */
  private void collectWithAFloor() {
    for (int i = 0; i < 3 * OpenRankings.K; i++) {
      shards.count(ALL, "item-" + i, 10 + i);
    }
    collector.start();
    countInEveryRange();
    loop.turn(Collector.PERIOD);
    assertThat(shards.collections("shard-1").get(1).getFloors(0).getCount()).isEqualTo(FLOOR);
  }

  /** A range in which something changed is sent. */
  private void countInEveryRange() {
    for (int i = 0; i < 20; i++) {
      shards.count(ALL, "key-" + i, 1);
    }
  }

  private void countAllItems(long delta) {
    for (int i = 0; i < 3 * OpenRankings.K; i++) {
      shards.count(ALL, "item-" + i, delta);
    }
  }

  @Test
  void aMergeIsSharedUntilAPartOfItChanges() {
    collector.start();
    MergedTopK first = rankings.read(ALL).topK();
    loop.turn(Collector.PERIOD);
    assertThat(rankings.read(ALL).topK()).isSameAs(first);

    shards.count(ALL, "key-0", 1);
    loop.turn(Collector.PERIOD);

    assertThat(rankings.read(ALL).topK()).isNotSameAs(first);
    assertThat(rankings.read(ALL).topK().ranking().count(0)).isEqualTo(101);
  }

  @Test
  void aWindowThatSomebodyAsksForIsMergedWhenItChangesAndNotWhenNobodyDoes() {
    collector.start();
    rankings.read(ALL);
    shards.count(ALL, "key-0", 1);
    loop.turn(Collector.PERIOD);
    assertThat(rankings.isCurrent(ALL)).as("asked for in the round before").isTrue();

    shards.count(ALL, "key-0", 1);
    loop.turn(Collector.PERIOD);
    assertThat(rankings.isCurrent(ALL)).as("asked for two rounds ago").isFalse();
    assertThat(rankings.read(ALL).topK().ranking().count(0)).isEqualTo(102);
  }

  @Test
  void whatWasMergedIsTooOldOnceNothingIsHeardAnyMore() {
    collector.start();
    collector.close();
    loop.turn(Holdings.MAX_AGE);
    assertThat(rankings.read(ALL).coverage().isComplete()).isTrue();

    loop.turn(Duration.ofMillis(1));

    assertThat(rankings.read(ALL).coverage().rangesIncluded()).isZero();
  }

  @Test
  void nothingIsCollectedAfterTheEnd() {
    collector.start();
    collector.close();
    int before = shards.collections("shard-1").size();

    loop.turn(Collector.PERIOD.multipliedBy(3));

    assertThat(shards.collections("shard-1")).hasSize(before);
  }

  private List<String> top(int k) {
    MergedTopK merged = RangeMerge.merge(holdings.read(ALL).parts(), k);
    return IntStream.range(0, merged.ranking().size())
        .mapToObj(i -> new String(merged.ranking().key(i), UTF_8) + "=" + merged.ranking().count(i))
        .toList();
  }
}
