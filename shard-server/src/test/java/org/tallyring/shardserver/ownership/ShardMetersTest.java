package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.ownership.RangeHarness.RANGE;
import static org.tallyring.shardserver.ownership.RangeHarness.batch;
import static org.tallyring.shardserver.ownership.RangeHarness.deltas;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.ownership.RangeAccounts.Balance;

/** The numbers that operators see, against what was recorded. */
final class ShardMetersTest {

  private static final int A = 1;
  private static final Set<String> NAMESPACES = Set.of("shop");
  private static final String[] CLICKS = {"namespace", "shop", "metric", "clicks"};

  private final RangeHarness harness = new RangeHarness();

  private double counter(String name, String... tags) {
    return harness.registry.get(name).tags("shard", "shard-1").tags(tags).counter().count();
  }

  private double gauge(String name, String... tags) {
    return harness.registry.get(name).tags("shard", "shard-1").tags(tags).gauge().value();
  }

  /** One round. */
  private void look(OwnedRange range) {
    CompletableFuture<@Nullable Balance> look = range.account();
    harness.loop.runAll();
    Balance balance = look.join();
    harness.meters.hold(balance == null ? List.of() : List.of(balance), NAMESPACES);
  }

  @Test
  void everyIncrementIsCountedByItsOutcome() {
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "x", "y", "x"));
    harness.submit(range, A, batch(1, "x", "y", "x"));
    harness.settle();
    harness.submit(range, A, batch(1, "x", "y", "x"));
    harness.submit(range, A, batch(3, "x", "y"));
    harness.submit(range, A, deltas(2, "x", 1, 0, 1, 1));
    harness.journals.failNextAppend(RANGE, false);
    harness.submit(range, A, batch(2, "x", "x", "x", "x", "x"));
    harness.submit(range, A, batch(3, "x"));
    harness.settle();

    assertThat(harness.takeAnswers())
        .containsExactly(
            "1:APPLIED",
            "1:DUPLICATE",
            "1:DUPLICATE",
            "3:SEQUENCE_GAP",
            "2:BAD_DELTA",
            "2:IN_DOUBT",
            "3:RANGE_IN_HANDOFF");
    assertThat(counter("tallyring.increments")).isEqualTo(3);
    assertThat(counter("tallyring.duplicate.increments")).isEqualTo(6);
    assertThat(counter("tallyring.in.doubt.increments")).isEqualTo(5);
    assertThat(refused("SEQUENCE_GAP")).isEqualTo(2);
    assertThat(refused("BAD_DELTA")).isEqualTo(4);
    assertThat(refused("RANGE_IN_HANDOFF")).isEqualTo(1);
    assertThat(counter("tallyring.lost.ranges")).isEqualTo(1);
  }

  private double refused(String reason) {
    return counter("tallyring.refused.increments", "reason", reason);
  }

  @Test
  void aMetricHasWhatWasRecordedInIt() {
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "x", "y", "x"));
    harness.settle();
    look(range);

    assertThat(counter("tallyring.metric.hits", CLICKS)).isEqualTo(3);
    assertThat(gauge("tallyring.metric.keys", CLICKS)).isEqualTo(2);
    // Minute, hour, day, month and all time of two keys.
    assertThat(gauge("tallyring.metric.entries", CLICKS)).isEqualTo(10);
    assertThat(gauge("tallyring.metric.bytes", CLICKS)).isPositive();
    assertThat(counter("tallyring.metric.pruned.entries", CLICKS)).isZero();
    assertThat(gauge("tallyring.keys")).isEqualTo(2);
    assertThat(
            harness
                .registry
                .get("tallyring.metric.strategy")
                .tags(CLICKS)
                .tag("strategy", "fixed_window")
                .gauge()
                .value())
        .isEqualTo(1);
  }

  @Test
  void aRowIsAsManyIncrementsAsItSaysUnlessThatIsNonsense() {
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "x", "y").toBuilder().addRepeats(5).addRepeats(1).build());
    harness.submit(range, A, batch(2, "x", "y").toBuilder().addRepeats(-1).addRepeats(0).build());
    harness.settle();
    look(range);

    assertThat(harness.takeAnswers()).containsExactlyInAnyOrder("1:APPLIED", "2:BAD_BATCH");
    assertThat(counter("tallyring.increments")).isEqualTo(6);
    assertThat(counter("tallyring.metric.hits", CLICKS)).isEqualTo(6);
    assertThat(refused("BAD_BATCH")).isEqualTo(2);
  }

  @Test
  void lateIncrementsAndThoseBeyondRetentionAreCounted() {
    OwnedRange range = harness.open();
    long hour = Duration.ofHours(1).toMillis();
    harness.submit(range, A, batch(1, "x"));
    harness.submit(range, A, at(2, RangeHarness.NOON - 3 * hour));
    harness.submit(range, A, at(3, RangeHarness.NOON - 48 * hour));
    harness.settle();
    look(range);

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED", "3:APPLIED");
    assertThat(counter("tallyring.late.increments", CLICKS)).isEqualTo(2);
    assertThat(counter("tallyring.beyond.retention.increments", CLICKS)).isEqualTo(1);
  }

  private static RecordBatch at(long sequence, long millis) {
    return batch(sequence, "x").toBuilder()
        .setBaseTimeMillis(millis)
        .addTimeOffsetsMillis(0)
        .build();
  }

  /** What an earlier tenure counted is in its counters, and what it did not look at is too. */
  @Test
  void aRangeThatComesBackCountsNothingTwiceAndNothingIsLeftOut() {
    OwnedRange first = harness.open();
    harness.submit(first, A, batch(1, "x", "y"));
    harness.settle();
    look(first);
    harness.submit(first, A, batch(2, "x"));
    harness.settle();
    first.release();
    harness.settle();
    assertThat(counter("tallyring.metric.hits", CLICKS)).isEqualTo(3);

    OwnedRange second = harness.open();
    harness.submit(second, A, batch(3, "z"));
    harness.settle();
    look(second);

    assertThat(counter("tallyring.metric.hits", CLICKS)).isEqualTo(4);
    assertThat(gauge("tallyring.metric.keys", CLICKS)).isEqualTo(3);
  }

  @Test
  void ofANamespaceThatIsGoneNothingIsShown() {
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "x"));
    harness.settle();
    look(range);
    range.deleteNamespace(RangeHarness.UID);
    harness.settle();
    look(range);
    assertThat(counter("tallyring.metric.hits", CLICKS)).isEqualTo(1);

    harness.meters.hold(List.of(), Set.of());
    assertThat(harness.registry.getMeters())
        .extracting(meter -> meter.getId().getTag("namespace"))
        .containsOnlyNulls();
  }

  @Test
  void appendsAndSnapshotsAreTimed() {
    harness.settings = new RangeSettings(1, Long.MAX_VALUE, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "x"));
    harness.meterTime.add(Duration.ofMillis(7));
    harness.settle();

    Timer appends = harness.registry.get("tallyring.journal.append.duration").timer();
    assertThat(appends.count()).isEqualTo(1);
    assertThat(appends.totalTime(TimeUnit.MILLISECONDS)).isEqualTo(7);
    assertThat(snapshots("stored")).isEqualTo(1);
    assertThat(snapshots("failed")).isZero();
  }

  private long snapshots(String outcome) {
    return harness
        .registry
        .get("tallyring.snapshot.duration")
        .tag("outcome", outcome)
        .timer()
        .count();
  }

  @Test
  void eventsThatAWatcherMissedAreCounted() {
    harness.meters.handedOver(new EventPage(List.of(), 3, 4, 10, 20, false));
    assertThat(counter("tallyring.missed.events")).isEqualTo(7);
  }

  @Test
  void namesArePrefixedAndNoKeyIsInATag() {
    OwnedRange range = harness.open();
    harness.submit(range, A, batch(1, "a-key-of-its-own"));
    harness.settle();
    look(range);

    for (Meter meter : harness.registry.getMeters()) {
      assertThat(meter.getId().getName()).startsWith("tallyring.");
      assertThat(meter.getId().getTags())
          .extracting(Tag::getKey)
          .contains("shard")
          .isSubsetOf(
              "shard", "namespace", "metric", "strategy", "reason", "state", "outcome", "le");
      assertThat(meter.getId().getTags())
          .extracting(Tag::getValue)
          .noneMatch(value -> value.contains("a-key-of-its-own"));
    }
  }
}
