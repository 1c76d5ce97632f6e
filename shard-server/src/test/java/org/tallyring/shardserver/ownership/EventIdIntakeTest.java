package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status.Code;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * Event ids on their way through the intake, over a journal that acknowledges when the test says
 * so, and through the takeover by another owner.
 */
class EventIdIntakeTest {

  private static final long HOUR = 3_600_000;
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);
  private NamespaceDefinition shop =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .setUid(7)
          .setRevision(1)
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .build();

  private final ListJournal journal = new ListJournal();
  private final Map<ByteString, Long> sequences = new HashMap<>();
  private long now = 1_709_208_000_000L;
  private RangeEngine engine = new RangeEngine(0);
  private RangeIntake intake = intake(engine);

  EventIdIntakeTest() {
    journal.hold();
  }

  private RangeIntake intake(RangeEngine of) {
    return new RangeIntake(
        0,
        of,
        journal,
        new BatchValidator(new RangeTable(1)),
        () -> Instant.ofEpochMilli(now),
        Runnable::run,
        new ShardMeters(new SimpleMeterRegistry(), "shard-1"),
        (position, entry) -> {},
        cause -> {});
  }

  /** What another owner would hold that takes over now: a replay of the journal. */
  private RangeEngine replayed() {
    RangeEngine replayed = new RangeEngine(0);
    journal.entries.forEach(replayed::apply);
    return replayed;
  }

  /** Acknowledges everything so far. */
  private void acknowledge() {
    journal.release();
    journal.hold();
  }

  private static ByteString session(int number) {
    return ByteString.copyFrom(new byte[15])
        .concat(ByteString.copyFrom(new byte[] {(byte) number}));
  }

  private CompletableFuture<RecordStreamResponse> submit(int session, RecordBatch.Builder rows) {
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    long sequence = sequences.getOrDefault(session(session), 0L) + 1;
    intake.submit(
        new Submission(
            session(session),
            ReceivedBatch.of(rows.setNamespace("shop").setSequence(sequence).build()),
            shop,
            response -> {
              answer.complete(response);
              if (response.getOutcome() == Outcome.OUTCOME_REFUSED) {
                sequences.put(session(session), sequence - 1);
              }
            }));
    if (!answer.isDone() || answer.join().getOutcome() != Outcome.OUTCOME_REFUSED) {
      sequences.put(session(session), sequence);
    }
    return answer;
  }

  private static RecordBatch.Builder rows() {
    return RecordBatch.newBuilder().addMetrics("clicks");
  }

  private static RecordBatch.Builder row(
      RecordBatch.Builder batch, String key, long delta, String eventId) {
    byte[] id = eventId.getBytes(StandardCharsets.UTF_8);
    return batch
        .setKeys(batch.getKeys().concat(ByteString.copyFromUtf8(key)))
        .addKeyLengths(key.length())
        .addDeltas(delta)
        .setEventIds(batch.getEventIds().concat(ByteString.copyFrom(id)))
        .addEventIdLengths(id.length);
  }

  private static RecordBatch.Builder row(String key, long delta, String eventId) {
    return row(rows(), key, delta, eventId);
  }

  private long count(String key) {
    return engine.count(7, "clicks", ALL, key.getBytes(StandardCharsets.UTF_8));
  }

  private static void assertConflict(CompletableFuture<RecordStreamResponse> answer, int... rows) {
    // Not waited for: without an acknowledgement an admitted batch would never be answered.
    assertThat(answer).isDone();
    RecordStreamResponse response = answer.join();
    assertThat(response.getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
    assertThat(response.getError().getCode()).isEqualTo(Code.ALREADY_EXISTS.value());
    assertThat(Errors.reasonOf(response.getError()))
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT);
    assertThat(response.getInvalidRowsList())
        .containsExactly(Arrays.stream(rows).boxed().toArray(Integer[]::new));
  }

  private static void assertApplied(
      CompletableFuture<RecordStreamResponse> answer, Integer... duplicates) {
    assertThat(answer).isDone();
    assertThat(answer.join().getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
    assertThat(answer.join().getDuplicateRowsList()).containsExactly(duplicates);
  }

  @Test
  void aRepeatOfAnotherSessionIsADuplicateRowWhetherInFlightOrApplied() {
    CompletableFuture<RecordStreamResponse> first = submit(1, row("a", 5, "x"));
    CompletableFuture<RecordStreamResponse> inFlight = submit(2, row(row("b", 1, ""), "a", 5, "x"));
    assertThat(first).isNotDone();
    assertThat(inFlight).isNotDone();
    acknowledge();
    CompletableFuture<RecordStreamResponse> applied = submit(3, row("a", 5, "x"));
    acknowledge();

    assertApplied(first);
    assertApplied(inFlight, 1);
    assertApplied(applied, 0);
    assertThat(count("a")).isEqualTo(5);
    assertThat(count("b")).isEqualTo(1);
  }

  @Test
  void aContradictionOfWhatIsInFlightIsRefusedAtOnceAndChangesNothing() {
    CompletableFuture<RecordStreamResponse> first = submit(1, row("a", 5, "x"));
    CompletableFuture<RecordStreamResponse> contradiction =
        submit(2, row(row("b", 1, ""), "a", 6, "x"));
    assertConflict(contradiction, 1);
    CompletableFuture<RecordStreamResponse> corrected = submit(2, row("b", 1, ""));
    acknowledge();

    assertApplied(first);
    assertApplied(corrected);
    assertThat(count("a")).isEqualTo(5);
    assertThat(count("b")).isEqualTo(1);
  }

  @Test
  void aContradictionOfWhatIsAppliedIsRefused() {
    submit(1, row("a", 5, "x"));
    acknowledge();

    assertConflict(submit(1, row(row("a", 4, "x"), "a", 3, "x")), 0, 1);
    assertThat(count("a")).isEqualTo(5);
  }

  @Test
  void rowsOfOneBatchMayRepeatButNotContradictEachOther() {
    assertConflict(submit(1, row(row(row("a", 5, "x"), "a", 5, "x"), "a", 6, "x")), 2);
    // Nothing of the refused batch stays behind.
    CompletableFuture<RecordStreamResponse> other = submit(1, row(row("a", 6, "x"), "a", 6, "x"));
    acknowledge();
    assertApplied(other, 1);
    assertThat(count("a")).isEqualTo(6);
  }

  @Test
  void theSameIdOfAnotherKeyIsAnotherEvent() {
    submit(1, row("a", 5, "x"));
    CompletableFuture<RecordStreamResponse> other = submit(2, row("b", 6, "x"));
    acknowledge();
    assertApplied(other);
    assertThat(count("b")).isEqualTo(6);
  }

  @Test
  void anotherOwnerKnowsWhatTheFirstAppliedAndWhatItOnlyAppended() {
    submit(1, row("a", 5, "x"));
    acknowledge();
    submit(1, row("a", 7, "y"));
    engine = replayed();
    intake = intake(engine);
    assertThat(count("a")).isEqualTo(12);

    CompletableFuture<RecordStreamResponse> repeats = submit(2, row(row("a", 5, "x"), "a", 7, "y"));
    acknowledge();
    assertApplied(repeats, 0, 1);
    assertConflict(submit(2, row("a", 8, "y")), 0);
    assertThat(count("a")).isEqualTo(12);
    assertThat(replayed().snapshot(1 << 20)).containsExactlyElementsOf(engine.snapshot(1 << 20));
  }

  @Test
  void afterTheHorizonAnIdIsNew() {
    submit(1, row("a", 5, "x"));
    acknowledge();
    now += HOUR;
    assertConflict(submit(1, row("a", 6, "x")), 0);
    now += 16_000;
    CompletableFuture<RecordStreamResponse> fresh = submit(1, row("a", 6, "x"));
    acknowledge();
    assertApplied(fresh);
    assertThat(count("a")).isEqualTo(11);
  }

  @Test
  void theHorizonIsThatOfTheDefinitionInTheJournal() {
    shop = shop.toBuilder().setEventIdHorizonMillis(2 * HOUR).build();
    submit(1, row("a", 5, "x"));
    acknowledge();
    now += 2 * HOUR;
    assertConflict(submit(1, row("a", 6, "x")), 0);
    now += 16_000;
    CompletableFuture<RecordStreamResponse> fresh = submit(1, row("a", 6, "x"));
    acknowledge();
    assertApplied(fresh);
    assertThat(replayed().snapshot(1 << 20)).containsExactlyElementsOf(engine.snapshot(1 << 20));
  }

  @Test
  void aRepeatOfAHugeDeltaIsADuplicateAndNoOverflow() {
    submit(1, row("a", Long.MAX_VALUE, "x"));
    CompletableFuture<RecordStreamResponse> repeat = submit(2, row("a", Long.MAX_VALUE, "x"));
    acknowledge();
    acknowledge();
    assertApplied(repeat, 0);

    RecordStreamResponse overflow = submit(2, row("a", 1, "y")).join();
    assertThat(Errors.reasonOf(overflow.getError()))
        .isEqualTo(ErrorReason.ERROR_REASON_COUNT_OVERFLOW);
    assertThat(count("a")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void inANewRangeToADeltaOfTheLargestNumberNothingCanBeAdded() {
    CompletableFuture<RecordStreamResponse> first = submit(1, row("a", Long.MAX_VALUE, "x"));
    CompletableFuture<RecordStreamResponse> second = submit(2, row("a", 5, "y"));
    acknowledge();
    RecordStreamResponse within = submit(3, row(row("b", Long.MAX_VALUE, "x"), "b", 5, "y")).join();

    assertApplied(first);
    assertThat(Errors.reasonOf(second.join().getError()))
        .isEqualTo(ErrorReason.ERROR_REASON_COUNT_OVERFLOW);
    assertThat(within.getInvalidRowsList()).containsExactly(1);
    assertThat(count("a")).isEqualTo(Long.MAX_VALUE);
  }

  /** Several sessions, acknowledgements at random moments, takeovers; jqwik reports the seed. */
  @Property(tries = 100)
  void everyEventCountsOnceWithTheDeltaThatCameFirst(@ForAll long seed) {
    EventIdIntakeTest run = new EventIdIntakeTest();
    Random random = new Random(seed);
    Map<String, Long> expected = new HashMap<>();
    for (int step = 0; step < 60; step++) {
      RecordBatch.Builder batch = rows();
      List<Integer> conflicts = new ArrayList<>();
      Map<String, Long> added = new HashMap<>();
      int rows = 1 + random.nextInt(6);
      for (int i = 0; i < rows; i++) {
        String event = "key-" + random.nextInt(3) + "/" + "e" + random.nextInt(12);
        long delta = 1 + random.nextInt(2);
        row(batch, event.substring(0, 5), delta, event.substring(6));
        Long known = expected.getOrDefault(event, added.get(event));
        if (known != null && known != delta) {
          conflicts.add(i);
        } else {
          added.put(event, delta);
        }
      }
      CompletableFuture<RecordStreamResponse> answer = run.submit(random.nextInt(3), batch);
      if (conflicts.isEmpty()) {
        expected.putAll(added);
      } else {
        assertThat(answer).isDone();
        assertThat(answer.join().getInvalidRowsList()).isEqualTo(conflicts);
      }
      if (random.nextInt(3) == 0) {
        run.acknowledge();
      }
      if (random.nextInt(15) == 0) {
        run.acknowledge();
        run.engine = run.replayed();
        run.intake = run.intake(run.engine);
      }
    }
    run.acknowledge();
    for (String key : List.of("key-0", "key-1", "key-2")) {
      long sum =
          expected.entrySet().stream()
              .filter(each -> each.getKey().startsWith(key))
              .mapToLong(Map.Entry::getValue)
              .sum();
      assertThat(run.count(key)).as(key).isEqualTo(sum);
    }
  }
}
