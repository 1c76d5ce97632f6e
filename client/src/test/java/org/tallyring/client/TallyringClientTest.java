package org.tallyring.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.client.fake.FakeCluster;
import org.tallyring.client.fake.FakeLedger;
import org.tallyring.client.fake.Fault;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.loop.NetworkLoop;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.window.WindowLevel;

/** The public face on real threads and a real clock. */
final class TallyringClientTest {

  private final EventLoop clusterLoop = NetworkLoop.start("fake-cluster");
  private final FakeCluster cluster = new FakeCluster(8, 3, clusterLoop);

  @AfterEach
  void close() {
    cluster.close();
    clusterLoop.close();
  }

  @Test
  void theTutorialDoesWhatItSays() {
    cluster.start();
    String aggregator = cluster.startAggregator();
    List<RecordFailure> failures = new ArrayList<>();
    // The sample in package-info.java, with other addresses.
    try (TallyringClient client =
        connect(
            TallyringClient.builder()
                .servers(aggregator)
                .namespace("shop")
                .onFailure(failure -> failures.add(failure)))) {

      client.record("clicks", "product-42");

      CompletableFuture<RecordResult> purchase =
          client.recordAsync(
              Increment.builder("purchases", "product-42")
                  .delta(3)
                  .eventTime(Instant.parse("2026-01-31T12:00:00Z"))
                  .build());
      purchase.join();

      client.flush();
      long clicks = client.count("clicks", "product-42");
      TopK best = client.topK("clicks", WindowSelection.current(WindowLevel.HOUR), 10);

      assertThat(clicks).isEqualTo(1);
      assertThat(best.items()).containsExactly(new TopK.Item(1, "product-42", 1));
      assertThat(best.label().level()).isEqualTo(WindowLevel.HOUR);
      assertThat(best.label().isComplete()).isTrue();
      assertThat(client.totals()).isEqualTo(new RecordTotals(2, 0, 0, 0));
      assertThat(failures).isEmpty();
    }
  }

  @Test
  void spansAndSeriesAreRead() {
    cluster.start();
    String aggregator = cluster.startAggregator();
    Instant start = Instant.parse("2026-01-31T12:00:00Z");
    Instant end = Instant.parse("2026-01-31T13:00:00Z");
    try (TallyringClient client = connect(TallyringClient.builder().servers(aggregator))) {
      client.record("clicks", "a");
      client.flush();

      Label span = client.topK("clicks", WindowSelection.last(Duration.ofHours(1)), 10).label();
      assertThat(span.isSpan()).isTrue();
      assertThat(span.level()).isEqualTo(WindowLevel.MINUTE);
      Series series = client.series("clicks", "a", WindowLevel.HOUR, start, end);
      assertThat(series.label().level()).isEqualTo(WindowLevel.HOUR);
      assertThat(series.label().isSpan()).isFalse();
      assertThat(series.points())
          .containsExactly(new Series.Point(start, 1), new Series.Point(end, 0));
      assertRefused(
          () -> client.series("clicks", "a", WindowLevel.HOUR, end, start),
          ErrorReason.ERROR_REASON_BAD_WINDOW);
      assertRefused(
          () -> client.series("clicks", "a", WindowLevel.HOUR, start, Instant.MAX),
          ErrorReason.ERROR_REASON_BAD_WINDOW);
      assertRefused(
          () -> client.series("clicks", "", WindowLevel.HOUR, start, end),
          ErrorReason.ERROR_REASON_BAD_KEY);
    }
  }

  @Test
  void closingFlushes() {
    cluster.start();
    CompletableFuture<RecordResult> last;
    try (TallyringClient client = connect(seededWith(0))) {
      client.record("clicks", "a");
      last = client.recordAsync(Increment.of("clicks", "b"));
    }

    assertThat(last).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(cluster.rows()).hasSize(2);
  }

  @Test
  void closingGivesUpAtTheDeadlineAndSaysSo() {
    cluster.start();
    cluster.faults(request -> Fault.ANSWER_LOST);
    CompletableFuture<RecordResult> unanswered;
    try (TallyringClient client = connect(seededWith(0).deadline(Duration.ofMillis(200)))) {
      unanswered = client.recordAsync(Increment.of("clicks", "a"));
    }

    assertThatThrownBy(unanswered::join)
        .cause()
        .isInstanceOfSatisfying(
            TallyringException.class, failure -> assertThat(failure.isInDoubt()).isTrue());
  }

  @Test
  void aClientMadeBeforeTheClusterWaitsForIt() {
    try (TallyringClient client = connect(seededWith(1))) {
      CompletableFuture<Void> caller =
          CompletableFuture.runAsync(() -> client.record("clicks", "a"));
      cluster.start();
      caller.join();
      client.flush();

      assertThat(cluster.rows()).hasSize(1);
    }
  }

  @Test
  void withoutAClusterRecordingFailsDefinitelyAtTheDeadline() {
    try (TallyringClient client = connect(seededWith(1).deadline(Duration.ofMillis(100)))) {
      assertRefused(() -> client.record("clicks", "a"), ErrorReason.ERROR_REASON_NOT_READY);
    }
  }

  @Test
  void aRestartOfTheWholeClusterLosesAndDoublesNothing() {
    cluster.start();
    try (TallyringClient client = connect(seededWith(0))) {
      for (int i = 0; i < 5_000; i++) {
        client.record("clicks", "key-" + i);
        if (i == 2_000) {
          stopAll();
        }
        if (i == 3_000) {
          cluster.start();
        }
      }
      client.flush();

      assertThat(cluster.rows()).hasSize(5_000);
      assertThat(cluster.rows().stream().map(FakeLedger.Row::key).distinct()).hasSize(5_000);
      assertThat(client.totals().inDoubt() + client.totals().failed()).isZero();
    }
  }

  @Test
  void theClusterMayMoveAwayFromItsSeeds() {
    cluster.start();
    try (TallyringClient client = connect(seededWith(0))) {
      client.record("clicks", "a");
      client.flush();
      for (int range = 0; range < cluster.rangeCount(); range++) {
        cluster.move(range, 1 + range % 2);
      }
      cluster.stop(0);
      for (int i = 0; i < 100; i++) {
        client.record("clicks", "key-" + i);
      }
      client.flush();
      // Only a subscription to a shard that is no seed can tell of this.
      for (int range = 0; range < cluster.rangeCount(); range++) {
        cluster.move(range, 2);
      }
      cluster.hints(false);
      client.record("clicks", "a");
      client.flush();

      assertThat(cluster.rows()).hasSize(102);
    }
  }

  @Test
  void manyThreadsAndFaultsStillCountEachIncrementOnceAndInOrder() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.printf("TallyringClientTest: seed %d%n", seed);
    Random random = new Random(seed);
    Fault[] faults = {
      Fault.OVERLOADED, Fault.IN_HANDOFF, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.IN_DOUBT_APPLIED
    };
    cluster.start();
    cluster.faults(
        request -> random.nextInt(20) == 0 ? faults[random.nextInt(faults.length)] : Fault.NONE);
    int threads = 4;
    int each = 3_000;
    try (TallyringClient client = connect(seededWith(0).maxBytesInFlight(64 << 10))) {
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        String prefix = "thread-" + thread + "-key-";
        callers.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 1; i <= each; i++) {
                    client.record(Increment.builder("clicks", prefix + i % 10).delta(i).build());
                    if (i % 1000 == 0) {
                      cluster.move(i % 7, i % 3);
                    }
                  }
                },
                task -> new Thread(task).start()));
      }
      callers.forEach(CompletableFuture::join);
      client.flush();
    }

    assertThat(cluster.rows()).as("seed %d", seed).hasSize(threads * each).doesNotHaveDuplicates();
    Map<String, List<Long>> byKey =
        cluster.rows().stream()
            .collect(
                Collectors.groupingBy(
                    FakeLedger.Row::key,
                    Collectors.mapping(FakeLedger.Row::delta, Collectors.toList())));
    byKey.forEach((key, deltas) -> assertThat(deltas).as(key).isSorted());
  }

  @Test
  void theListenerHearsOfWhatIsRefusedAndMayFailItself() {
    cluster.start();
    ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();
    Consumer<RecordFailure> listener =
        failure -> {
          heard.add(failure.increment() + ": " + failure.cause().reason());
          throw new IllegalStateException("thrown by the test");
        };
    try (TallyringClient client = connect(seededWith(0).onFailure(listener))) {
      client.record("unknown", "a");
      client.flush();
      client.record("unknown", "b");
      client.flush();

      assertThat(heard)
          .containsExactly(
              "unknown[a] += 1: ERROR_REASON_METRIC_NOT_FOUND",
              "unknown[b] += 1: ERROR_REASON_METRIC_NOT_FOUND");
      assertThat(client.totals().failed()).isEqualTo(2);
    }
  }

  @Test
  void countsOfManyKeysComeInTheOrderAskedFor() {
    cluster.start();
    try (TallyringClient client = connect(seededWith(0))) {
      client.record(Increment.builder("clicks", "b").delta(5).build());
      client.record("clicks", "a");
      client.flush();
      Counts counts = client.count("clicks", List.of("b", "none", "a"), WindowSelection.allTime());

      assertThat(counts.byKey())
          .containsExactly(Map.entry("b", 5L), Map.entry("none", 0L), Map.entry("a", 1L));
    }
  }

  @Test
  void aRankingNeedsAnAggregator() {
    cluster.start();
    try (TallyringClient client = connect(seededWith(0))) {
      assertRefused(
          () -> client.topK("clicks", WindowSelection.allTime(), 10),
          ErrorReason.ERROR_REASON_BAD_PARAMETER);
    }
  }

  @Test
  void aReadThatNobodyAnswersEndsAtTheDeadline() {
    try (TallyringClient client = connect(seededWith(0).deadline(Duration.ofMillis(300)))) {
      assertRefused(() -> client.count("clicks", "a"), ErrorReason.ERROR_REASON_DEADLINE);
    }
  }

  @Test
  void anEventIdCountsOnceWhateverClientRecordsItAndHowItIsGiven() {
    cluster.start();
    UUID uuid = UUID.fromString("0f8fad5b-d9cb-469f-a165-70867728950e");
    byte[] bytes = HexFormat.of().parseHex("0f8fad5bd9cb469fa16570867728950e");
    Increment first = Increment.builder("clicks", "a").eventId(uuid).build();
    Increment second = Increment.builder("clicks", "a").eventId(bytes).build();
    assertThat(second).isEqualTo(first).hasSameHashCodeAs(first);
    assertThat(second).isNotEqualTo(Increment.of("clicks", "a"));
    assertThat(second)
        .hasToString("clicks[a] += 1 with event id 0x0f8fad5bd9cb469fa16570867728950e");
    try (TallyringClient one = connect(seededWith(0));
        TallyringClient other = connect(seededWith(0))) {
      assertThat(one.recordAsync(first).join()).isEqualTo(RecordResult.APPLIED);
      assertThat(other.recordAsync(second).join()).isEqualTo(RecordResult.DUPLICATE);
      assertThat(other.totals()).isEqualTo(new RecordTotals(0, 1, 0, 0));
      assertThat(one.count("clicks", "a")).isEqualTo(1);
      CompletableFuture<RecordResult> contradiction =
          other.recordAsync(Increment.builder("clicks", "a").eventId(uuid).delta(2).build());
      assertThatThrownBy(contradiction::join)
          .cause()
          .isInstanceOfSatisfying(
              TallyringException.class,
              refused ->
                  assertThat(refused.reason())
                      .isEqualTo(ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT));
    }
  }

  @Test
  void invalidInputIsRefusedBeforeAnythingIsSent() {
    cluster.start();
    try (TallyringClient client = connect(seededWith(0))) {
      assertRefused(() -> client.record("clicks", ""), ErrorReason.ERROR_REASON_BAD_KEY);
      assertRefused(() -> client.record("clicks", "a\nb"), ErrorReason.ERROR_REASON_BAD_KEY);
      assertRefused(() -> client.record("clicks", "a\ud800?"), ErrorReason.ERROR_REASON_BAD_KEY);
      assertRefused(
          () -> client.record("clicks", "k".repeat(513)), ErrorReason.ERROR_REASON_BAD_KEY);
      assertRefused(() -> client.record("Clicks", "a"), ErrorReason.ERROR_REASON_BAD_NAME);
      assertRefused(
          () -> client.record(Increment.builder("clicks", new byte[] {(byte) 0xC0}).build()),
          ErrorReason.ERROR_REASON_BAD_KEY);
      assertRefused(
          () -> client.record(Increment.builder("clicks", "a").delta(0).build()),
          ErrorReason.ERROR_REASON_BAD_DELTA);
      assertRefused(
          () ->
              client.recordAsync(
                  Increment.builder("clicks", "a").eventTimeMillis(Long.MIN_VALUE).build()),
          ErrorReason.ERROR_REASON_BAD_EVENT_TIME);
      for (int length : new int[] {0, 17}) {
        assertRefused(
            () -> client.record(Increment.builder("clicks", "a").eventId(new byte[length]).build()),
            ErrorReason.ERROR_REASON_BAD_EVENT_ID);
      }
      assertRefused(
          () -> client.topK("clicks", WindowSelection.allTime(), 1001),
          ErrorReason.ERROR_REASON_BAD_K);
      assertRefused(
          () -> client.count("clicks", List.of(), WindowSelection.allTime()),
          ErrorReason.ERROR_REASON_BAD_SIZE);
      client.flush();
      assertThat(cluster.rows()).isEmpty();
    }
  }

  @Test
  void theBuilderRefusesWhatCannotWork() {
    TallyringClient.Builder builder = TallyringClient.builder();

    assertRefused(() -> builder.servers("nowhere"), ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(() -> builder.servers("host:99999"), ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(() -> builder.namespace("A"), ErrorReason.ERROR_REASON_BAD_NAME);
    assertRefused(() -> builder.deadline(Duration.ZERO), ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(() -> builder.maxBytesInFlight(1), ErrorReason.ERROR_REASON_BAD_PARAMETER);
    assertRefused(builder::build, ErrorReason.ERROR_REASON_BAD_PARAMETER);
  }

  @Test
  void aClosedClientSaysSo() {
    cluster.start();
    TallyringClient client = connect(seededWith(0));
    client.close();
    client.close();

    assertThatThrownBy(() -> client.record("clicks", "a"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.count("clicks", "a")).isInstanceOf(IllegalStateException.class);
    client.flush();
  }

  private void stopAll() {
    for (int shard = 0; shard < 3; shard++) {
      cluster.stop(shard);
    }
    await().until(() -> cluster.streams(0) + cluster.streams(1) + cluster.streams(2) == 0);
  }

  private TallyringClient.Builder seededWith(int shard) {
    return TallyringClient.builder()
        .servers(cluster.address(shard))
        .namespace("shop")
        .deadline(Duration.ofMinutes(1));
  }

  private TallyringClient connect(TallyringClient.Builder builder) {
    return builder.build(cluster.channels(), NetworkLoop.start("tallyring-client"), new Random());
  }

  private static void assertRefused(Runnable call, ErrorReason reason) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            TallyringException.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(reason);
              assertThat(refused.isInDoubt()).isFalse();
            });
  }
}
