package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.FixedWindow;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.journal.InMemoryJournals;
import org.tallyring.topology.range.RangeTable;

/**
 * A watcher of rules about windows and spans, while the range goes from owner to owner, at any
 * moment, by any mixture of snapshot and replay. It knows no more than a resume token does: the
 * number of the last event that it was handed.
 */
final class ThresholdsAcrossFailoverTest {

  private static final long NOON = 1_709_208_000_000L;
  private static final long SECOND = 1_000;
  private static final NamespaceDefinition NAMESPACE =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .setUid(7)
          .setRevision(1)
          .addMetrics(
              MetricDefinition.newBuilder()
                  .setName("bucketed")
                  .setFixedWindow(FixedWindow.newBuilder().setBucketMillis(10 * SECOND)))
          .addMetrics(
              MetricDefinition.newBuilder()
                  .setName("sliding")
                  .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(60 * SECOND)))
          .addRules(rule("bucketed", 3).setWindow(Window.WINDOW_HOUR).setRearmBelow(2))
          .addRules(rule("bucketed", 4).setSpanMillis(30 * SECOND))
          .addRules(rule("bucketed", 5).setSpanMillis(60 * SECOND).setRearmBelow(2))
          .addRules(rule("sliding", 3).setSpanMillis(1_500))
          .addRules(rule("sliding", 5).setSpanMillis(20 * SECOND).setRearmBelow(3))
          .addRules(
              rule("sliding", 4)
                  .setKey(ByteString.copyFromUtf8("a"))
                  .setWindow(Window.WINDOW_HOUR)
                  .setRearmBelow(2))
          .build();

  private static int rules;

  private static ThresholdRule.Builder rule(String metric, long limit) {
    return ThresholdRule.newBuilder().setName("rule-" + ++rules).setMetric(metric).setLimit(limit);
  }

  /** One range, its journal and its present owner. */
  private static final class Range {

    private final ManualExecutor acks = new ManualExecutor();
    private final ManualExecutor loop = new ManualExecutor();
    final InMemoryJournals journals = new InMemoryJournals(new InMemoryRangeStore(), acks);
    private OwnedRange owner = newOwner(Long.MAX_VALUE);
    private long now = NOON;
    private int owners;

    private OwnedRange newOwner(long snapshotBytes) {
      return new OwnedRange(
          0,
          "shard-" + ++owners,
          new RangeTable(1),
          new RangeSettings(snapshotBytes, Long.MAX_VALUE, 1 << 20),
          () -> Instant.ofEpochMilli(now),
          loop,
          loop,
          new SnapshotTurns(Runnable::run, () -> 0),
          new InFlightBudget(1 << 20),
          new ShardMeters(new SimpleMeterRegistry(), "shard"),
          lost -> {});
    }

    /** The next owner, which takes the journal whatever the one before is doing. */
    OwnedRange fail(long snapshotBytes) {
      OwnedRange before = owner;
      owner = newOwner(snapshotBytes);
      CompletableFuture<Void> open = owner.open(journals);
      settle();
      assertThat(open).isCompleted();
      return before;
    }

    private void settle() {
      loop.runAll();
      while (!acks.isIdle()) {
        acks.runOne();
        loop.runAll();
      }
    }

    void submit(RecordBatch batch, Outcome expected) {
      List<RecordStreamResponse> answers = new ArrayList<>();
      owner.submit(
          new Submission(
              RangeHarness.session(1), ReceivedBatch.of(batch), NAMESPACE, answers::add));
      settle();
      assertThat(answers).extracting(RecordStreamResponse::getOutcome).containsExactly(expected);
    }

    EventPage page(OwnedRange from, long after, int limit) {
      EventQuery query =
          new EventQuery(
              after, 0, "", EnumSet.of(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED), 0, limit);
      CompletableFuture<EventPage> page = from.events(query);
      settle();
      return page.join();
    }
  }

  /** What a watcher was handed, with the number that it goes on from. */
  private static final class Seen {

    private final List<Event> events = new ArrayList<>();
    private long number;

    void read(Range range, OwnedRange from, int limit) {
      EventPage page = range.page(from, number, limit);
      if (page != null) {
        assertThat(page.missed()).isZero();
        events.addAll(page.events());
        number = page.number();
      }
    }
  }

  private static RecordBatch batch(Random random, long sequence, long now) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder()
            .setNamespace("shop")
            .setSequence(sequence)
            .addMetrics("bucketed")
            .addMetrics("sliding")
            .setBaseTimeMillis(now);
    StringBuilder keys = new StringBuilder();
    for (int rows = 1 + random.nextInt(4); rows > 0; rows--) {
      keys.append((char) ('a' + random.nextInt(3)));
      batch
          .addKeyLengths(1)
          .addMetricIndexes(random.nextInt(2))
          .addDeltas(random.nextInt(4) == 0 ? -1 - random.nextInt(4) : 1 + random.nextInt(2))
          .addTimeOffsetsMillis(random.nextInt(4) == 0 ? -random.nextInt(40_000) : 0);
    }
    return batch.setKeys(ByteString.copyFromUtf8(keys.toString())).build();
  }

  @Property(tries = 200)
  void aWatcherGetsEachCrossingOnceWhoeverOwnsTheRange(@ForAll long seed) {
    Random random = new Random(seed);
    Range still = new Range();
    still.fail(Long.MAX_VALUE);
    Range moving = new Range();
    moving.fail(snapshotBytes(random));
    Seen seen = new Seen();
    for (long sequence = 1; sequence <= 120; sequence++) {
      long now = still.now + random.nextInt(random.nextInt(10) == 0 ? 90_000 : 3_000);
      still.now = now;
      moving.now = now;
      RecordBatch batch = batch(random, sequence, now);
      still.submit(batch, Outcome.OUTCOME_APPLIED);
      // The first batch brings the definition, in an entry before its own.
      if (sequence > 1 && random.nextInt(15) == 0) {
        // Nobody knows whether it is in the journal, until the next owner answers the same batch.
        boolean isInJournal = random.nextBoolean();
        moving.journals.failNextAppend(0, isInJournal);
        moving.submit(batch, Outcome.OUTCOME_IN_DOUBT);
        moving.fail(snapshotBytes(random));
        moving.submit(batch, isInJournal ? Outcome.OUTCOME_DUPLICATE : Outcome.OUTCOME_APPLIED);
      } else {
        moving.submit(batch, Outcome.OUTCOME_APPLIED);
      }
      if (random.nextInt(4) == 0) {
        seen.read(moving, moving.owner, 1 + random.nextInt(4));
      }
      if (random.nextInt(10) == 0) {
        OwnedRange before = moving.fail(snapshotBytes(random));
        if (random.nextBoolean()) {
          // One that does not know yet that it is fenced tells nothing that is not so.
          seen.read(moving, before, 1 + random.nextInt(4));
        }
      }
    }
    seen.read(moving, moving.owner, Integer.MAX_VALUE);

    assertThat(seen.events)
        .isEqualTo(still.page(still.owner, 0, Integer.MAX_VALUE).events())
        .extracting(Event::getNumber)
        .doesNotHaveDuplicates();
  }

  /** A snapshot after each entry, now and then, or never. */
  private static long snapshotBytes(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> 1;
      case 1 -> 300 + random.nextInt(3_000);
      default -> Long.MAX_VALUE;
    };
  }
}
