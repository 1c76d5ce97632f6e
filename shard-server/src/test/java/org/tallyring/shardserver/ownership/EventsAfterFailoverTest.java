package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.journal.InMemoryJournals;
import org.tallyring.topology.range.RangeTable;

/** A range whose owner is fenced by the next one, with a watcher that goes on there. */
final class EventsAfterFailoverTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Instant NOON = Instant.parse("2024-02-29T12:00:00Z");
  private static final NamespaceDefinition NAMESPACE =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .setUid(7)
          .setRevision(1)
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .addRules(
              ThresholdRule.newBuilder()
                  .setName("busy")
                  .setMetric("clicks")
                  .setWindow(Window.WINDOW_DAY)
                  .setLimit(10)
                  .setRearmBelow(5))
          .build();

  private final ExecutorService loop = Executors.newSingleThreadExecutor();
  private final InMemoryJournals journals = new InMemoryJournals(new InMemoryRangeStore());

  @AfterEach
  void stop() {
    loop.shutdownNow();
  }

  private OwnedRange open(String owner, long snapshotBytes) {
    OwnedRange range =
        new OwnedRange(
            0,
            owner,
            new RangeTable(1),
            new RangeSettings(snapshotBytes, Long.MAX_VALUE, 1 << 20),
            () -> NOON,
            loop,
            loop,
            new SnapshotTurns(Runnable::run, () -> 0),
            new InFlightBudget(1 << 20),
            new ShardMeters(new SimpleMeterRegistry(), owner),
            lost -> {});
    assertThat(range.open(journals)).succeedsWithin(LIMIT);
    return range;
  }

  private static void record(OwnedRange range, String key, long delta) {
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(
        new Submission(
            ByteString.EMPTY,
            ReceivedBatch.of(
                RecordBatch.newBuilder()
                    .setNamespace("shop")
                    .addMetrics("clicks")
                    .setKeys(ByteString.copyFromUtf8(key))
                    .addKeyLengths(key.length())
                    .addDeltas(delta)
                    .build()),
            NAMESPACE,
            answer::complete));
    assertThat(answer).succeedsWithin(LIMIT);
    assertThat(answer.join().getOutcome()).isEqualTo(RecordStreamResponse.Outcome.OUTCOME_APPLIED);
  }

  private static EventPage page(OwnedRange range, long after) {
    EventQuery query =
        new EventQuery(after, 0, "", EnumSet.allOf(EventKind.class), 0, Integer.MAX_VALUE);
    return Objects.requireNonNull(range.events(query).join());
  }

  private static List<Event> thresholds(EventPage page) {
    return page.events().stream().filter(Event::hasThresholdExceeded).toList();
  }

  /** With a snapshot after each entry, and without any. */
  @ParameterizedTest
  @ValueSource(longs = {1, 1 << 30})
  void theNextOwnerTellsTheSameEventsAndNoneTwice(long snapshotBytes) {
    OwnedRange first = open("shard-1", snapshotBytes);
    record(first, "a", 12);
    record(first, "b", 9);
    record(first, "a", -5);
    EventPage seen = page(first, 0);
    assertThat(thresholds(seen)).hasSize(1);

    OwnedRange second = open("shard-2", snapshotBytes);
    assertThat(thresholds(page(second, 0))).isEqualTo(thresholds(seen));
    assertThat(page(second, seen.number()).events()).isEmpty();
    assertThat(page(second, seen.number()).missed()).isZero();

    // Between its mark and its limit again: not armed. The other key crosses for the first time.
    record(second, "a", 4);
    record(second, "b", 1);
    record(second, "a", -7);
    record(second, "a", 6);

    List<Event> since = new ArrayList<>(thresholds(page(second, seen.number())));
    assertThat(since).extracting(event -> event.getKey().toStringUtf8()).containsExactly("b", "a");
    assertThat(since).extracting(Event::getNumber).doesNotContainAnyElementsOf(numbers(seen));
  }

  private static List<Long> numbers(EventPage page) {
    return page.events().stream().map(Event::getNumber).toList();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEventWhoseEntryWasInDoubtIsToldOnceIfItIsInTheJournal(boolean isInJournal) {
    OwnedRange first = open("shard-1", 1 << 30);
    record(first, "a", 9);
    long seen = page(first, 0).number();
    AtomicInteger told = new AtomicInteger();
    first.listen(told::incrementAndGet, 0);
    journals.failNextAppend(0, isInJournal);
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    first.submit(
        new Submission(
            ByteString.EMPTY,
            ReceivedBatch.of(
                RecordBatch.newBuilder()
                    .setNamespace("shop")
                    .addMetrics("clicks")
                    .setKeys(ByteString.copyFromUtf8("a"))
                    .addKeyLengths(1)
                    .build()),
            NAMESPACE,
            answer::complete));
    assertThat(answer).succeedsWithin(LIMIT);
    assertThat(answer.join().getOutcome()).isEqualTo(RecordStreamResponse.Outcome.OUTCOME_IN_DOUBT);
    assertThat(first.events(new EventQuery(0, 0, "", EnumSet.allOf(EventKind.class), 0, 1)).join())
        .isNull();
    assertThat(told.get()).as("told that the range is lost").isEqualTo(1);

    OwnedRange second = open("shard-1", 1 << 30);

    assertThat(thresholds(page(second, seen))).hasSize(isInJournal ? 1 : 0);
  }
}
