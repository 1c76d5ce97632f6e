package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.tallyring.client.recording.RecorderHarness.failureOf;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.client.RecordResult;
import org.tallyring.client.RecordTotals;
import org.tallyring.client.TallyringException;
import org.tallyring.client.fake.FakeLedger;
import org.tallyring.client.fake.Fault;
import org.tallyring.proto.v1.ErrorReason;

/** One range on two shards, on a clock that the test turns. */
final class RecorderTest {

  private static final Duration DEADLINE = Duration.ofSeconds(20);
  private static final long MAX_BYTES = 64 << 10;

  private final RecorderHarness harness = new RecorderHarness(1, 2, DEADLINE, MAX_BYTES, 7);

  @AfterEach
  void close() {
    harness.close();
  }

  @Test
  void aLoneIncrementLeavesAfterTheLinger() {
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(1));
    assertThat(result).isNotDone();

    harness.advance(RecordingSettings.LINGER);

    assertThat(result).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.recorder.bytesInFlight()).isZero();
  }

  @Test
  void manyBatchesWaitForLongUntilAnswersAreSeenToComeSoon() {
    try (RecorderHarness wide = new RecorderHarness(64, 1)) {
      assertThat(answeredWithinEightMillis(wide, 100)).isZero();
      wide.advance(Duration.ofMillis(50));
      assertThat(answeredWithinEightMillis(wide, 100)).isEqualTo(100);
    }
  }

  private static long answeredWithinEightMillis(RecorderHarness wide, int keys) {
    List<CompletableFuture<RecordResult>> results = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      results.add(wide.record("key-" + i, 1));
    }
    wide.advance(Duration.ofMillis(8));
    return results.stream().filter(CompletableFuture::isDone).count();
  }

  @Test
  void aFullBatchLeavesAtOnce() {
    List<CompletableFuture<RecordResult>> results = new ArrayList<>();
    for (int i = 0; i < RecordingSettings.BATCH_KEY_BYTES / 512; i++) {
      results.add(harness.record("k".repeat(512), 1));
    }
    harness.loop.run();

    assertThat(results).allSatisfy(result -> assertThat(result).isDone());
  }

  @Test
  void rowsWithAndWithoutATimeDoNotShareABatchAndKeepTheirOrder() {
    harness.record("clicks", "a", 1, Recorder.UNTIMED);
    harness.record("clicks", "a", 2, 5000);
    harness.record("views", "a", 3, 4000);
    harness.record("clicks", "a", 4, Recorder.UNTIMED);
    harness.advance(Duration.ofMillis(50));

    assertThat(harness.cluster.rows())
        .containsExactly(
            new FakeLedger.Row("clicks", "a", 1, null),
            new FakeLedger.Row("clicks", "a", 2, 5000L),
            new FakeLedger.Row("views", "a", 3, 4000L),
            new FakeLedger.Row("clicks", "a", 4, null));
  }

  @Test
  void incrementsAlikeTravelAsOneRowAndAllCount() {
    byte[] key = "hot".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 5_000; i++) {
      harness.recorder.record("clicks", key, Recorder.NO_USER, 2, Recorder.UNTIMED, null);
    }
    assertThat(harness.recorder.bytesInFlight()).isLessThan(100);
    CompletableFuture<RecordResult> asked = harness.record("hot", 2);
    harness.recorder.record("clicks", key, Recorder.NO_USER, 2, 4000, null);
    harness.recorder.record("clicks", key, Recorder.NO_USER, 2, 4000, new byte[] {1});
    harness.recorder.record("clicks", key, new byte[] {'u'}, 2, 4000, null);
    harness.advance(Duration.ofMillis(50));

    assertThat(harness.cluster.rows()).hasSize(5_004).allMatch(row -> row.delta() == 2);
    assertThat(harness.recorder.totals()).isEqualTo(new RecordTotals(5_004, 0, 0, 0));
    assertThat(asked).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.recorder.bytesInFlight()).isZero();
  }

  @Test
  void whileSealedBatchesWaitTheNextOneGrows() {
    List<Integer> sent = new ArrayList<>();
    harness.cluster.faults(
        request -> {
          sent.add(request.getBatch().getKeyLengthsCount());
          return Fault.NONE;
        });
    harness.cluster.delays(() -> Duration.ofSeconds(1));
    for (int i = 0; i < 3 * RecordingSettings.BATCHES_IN_FLIGHT; i++) {
      harness.record("key-" + i, 1);
      harness.advance(RecordingSettings.LINGER_WHILE_BUSY.multipliedBy(2));
    }
    harness.advance(Duration.ofSeconds(10));

    assertThat(harness.recorder.totals().applied())
        .isEqualTo(3L * RecordingSettings.BATCHES_IN_FLIGHT);
    // One in each of those that could be sent, one that waited for them, and all others together.
    assertThat(sent.subList(0, RecordingSettings.BATCHES_IN_FLIGHT + 1)).containsOnly(1);
    assertThat(sent.size()).isLessThan(2 * RecordingSettings.BATCHES_IN_FLIGHT);
  }

  @Test
  void whenThereIsNoRoomRecordingWaitsAndIsRefusedAtTheDeadline() {
    harness.cluster.faults(request -> Fault.ANSWER_LOST);
    AtomicInteger recorded = new AtomicInteger();
    CompletableFuture<Void> caller =
        CompletableFuture.runAsync(
            () -> {
              while (true) {
                byte[] key =
                    String.format("%0480d", recorded.get()).getBytes(StandardCharsets.UTF_8);
                harness.recorder.record("clicks", key, Recorder.NO_USER, 1, Recorder.UNTIMED, null);
                recorded.incrementAndGet();
              }
            },
            task -> new Thread(task).start());
    await().until(() -> recorded.get() == MAX_BYTES / 512);
    assertThat(harness.recorder.bytesInFlight()).isEqualTo(MAX_BYTES);
    assertThat(caller).isNotDone();

    await()
        .until(
            () -> {
              harness.advance(Duration.ofSeconds(1));
              return caller.isDone();
            });

    // What is in doubt keeps its room, so there was none.
    assertThat(recorded.get()).isEqualTo((int) (MAX_BYTES / 512));
    TallyringException refused = failureOf(caller);
    assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
    assertThat(refused.isInDoubt()).isFalse();
  }

  @Test
  void whatWasNeverSentFailsDefinitelyAtTheDeadline() {
    harness.cluster.stop(0);
    harness.cluster.stop(1);
    harness.loop.run();
    CompletableFuture<RecordResult> result = harness.record("a", 1);

    harness.advance(DEADLINE.minusMillis(1));
    assertThat(result).isNotDone();
    harness.advance(DEADLINE.dividedBy(10));

    TallyringException failure = failureOf(result);
    assertThat(failure.reason()).isEqualTo(ErrorReason.ERROR_REASON_DEADLINE);
    assertThat(failure.isInDoubt()).isFalse();
    assertThat(harness.recorder.bytesInFlight()).isZero();
  }

  @Test
  void whatWasSentIsInDoubtAtTheDeadlineAndItsNumberIsStillSettled() {
    harness.cluster.faults(request -> Fault.ANSWER_LOST);
    CompletableFuture<RecordResult> first = harness.record("a", 1);
    harness.advance(DEADLINE.plus(DEADLINE.dividedBy(10)));

    assertThat(failureOf(first).isInDoubt()).isTrue();
    assertThat(failureOf(first).isRetryable()).isFalse();
    assertThat(harness.recorder.bytesInFlight()).isPositive();

    harness.cluster.faults(request -> Fault.NONE);
    CompletableFuture<RecordResult> second = harness.record("a", 2);
    harness.advance(Duration.ofSeconds(15));

    assertThat(second).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.rows()).extracting(FakeLedger.Row::delta).containsExactly(1L, 2L);
    assertThat(harness.cluster.ledger(0).sessions()).isEqualTo(1);
    assertThat(harness.recorder.bytesInFlight()).isZero();
    assertThat(harness.recorder.totals()).isEqualTo(new RecordTotals(1, 0, 0, 1));
  }

  @Test
  void aRefusedRowFailsAloneAndItsBatchKeepsItsNumber() {
    CompletableFuture<RecordResult> good = harness.record("a", 1);
    CompletableFuture<RecordResult> bad = harness.record("bad", 2);
    CompletableFuture<RecordResult> better = harness.record("b", 3);
    harness.recorder.record(
        "clicks",
        "bad too".getBytes(StandardCharsets.UTF_8),
        Recorder.NO_USER,
        4,
        Recorder.UNTIMED,
        null);
    harness.advance(Duration.ofMillis(50));

    assertThat(good).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(better).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(failureOf(bad).reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_KEY);
    assertThat(failureOf(bad)).hasMessage("key: bad (expected: a good one)");
    assertThat(harness.failures)
        .singleElement()
        .satisfies(
            failure -> {
              assertThat(failure.increment().key()).isEqualTo("bad too");
              assertThat(failure.increment().delta()).isEqualTo(4);
            });
    assertThat(harness.cluster.rows()).extracting(FakeLedger.Row::delta).containsExactly(1L, 3L);
    assertThat(harness.cluster.ledger(0).sessions()).isEqualTo(1);
  }

  @Test
  void anEventIdCountsOnceWithinABatchAndAcrossBatches() {
    CompletableFuture<RecordResult> first = identified("a", 1, "x");
    CompletableFuture<RecordResult> again = identified("a", 1, "x");
    CompletableFuture<RecordResult> other = harness.record("a", 2);
    harness.advance(Duration.ofMillis(50));
    CompletableFuture<RecordResult> later = identified("a", 1, "x");
    harness.advance(Duration.ofMillis(50));

    assertThat(first).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(again).isCompletedWithValue(RecordResult.DUPLICATE);
    assertThat(other).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(later).isCompletedWithValue(RecordResult.DUPLICATE);
    assertThat(harness.cluster.rows()).extracting(FakeLedger.Row::delta).containsExactly(1L, 2L);
    assertThat(harness.recorder.totals()).isEqualTo(new RecordTotals(2, 2, 0, 0));
    assertThat(harness.recorder.bytesInFlight()).isZero();
  }

  @Test
  void aContradictedEventIdIsRefusedAloneAndTheOtherRowsKeepTheirIds() {
    identified("a", 1, "x");
    identified("b", 5, "y");
    harness.advance(Duration.ofMillis(50));
    CompletableFuture<RecordResult> contradicted = identified("a", 2, "x");
    CompletableFuture<RecordResult> repeated = identified("b", 5, "y");
    CompletableFuture<RecordResult> fresh = identified("b", 6, "z");
    harness.advance(Duration.ofMillis(50));

    assertThat(failureOf(contradicted).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT);
    assertThat(failureOf(contradicted).isInDoubt()).isFalse();
    assertThat(repeated).isCompletedWithValue(RecordResult.DUPLICATE);
    assertThat(fresh).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.rows())
        .extracting(FakeLedger.Row::delta)
        .containsExactly(1L, 5L, 6L);
  }

  private CompletableFuture<RecordResult> identified(String key, long delta, String eventId) {
    return harness.record("clicks", key, delta, Recorder.UNTIMED, eventId);
  }

  @Test
  void aBatchThatIsRefusedForGoodLeavesNoHole() {
    CompletableFuture<RecordResult> refused = harness.record("unknown", "a", 1, Recorder.UNTIMED);
    harness.recorder.sendNow();
    CompletableFuture<RecordResult> next = harness.record("a", 2);
    harness.advance(Duration.ofMillis(50));

    assertThat(failureOf(refused).reason()).isEqualTo(ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
    assertThat(next).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.ledger(0).sessions()).isEqualTo(1);
  }

  @Test
  void anIdleSessionThatWasForgottenIsReplacedUnnoticed() {
    harness.record("a", 1);
    harness.advance(Duration.ofMillis(50));
    harness.cluster.ledger(0).forgetAllSessions();

    CompletableFuture<RecordResult> result = harness.record("a", 2);
    harness.advance(Duration.ofMillis(50));

    assertThat(result).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.rows()).extracting(FakeLedger.Row::delta).containsExactly(1L, 2L);
  }

  @Test
  void aBatchWhoseAnswerWasLostIsInDoubtWhenItsSessionIsForgotten() {
    harness.record("a", 1);
    harness.advance(Duration.ofMillis(50));
    harness.cluster.faults(request -> Fault.CUT_AFTER);
    CompletableFuture<RecordResult> lost = harness.record("a", 2);
    harness.advance(Duration.ofMillis(3));
    harness.cluster.ledger(0).forgetAllSessions();
    harness.cluster.faults(request -> Fault.NONE);
    CompletableFuture<RecordResult> next = harness.record("a", 3);
    harness.advance(Duration.ofSeconds(5));

    assertThat(failureOf(lost).isInDoubt()).isTrue();
    assertThat(next).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.rows())
        .extracting(FakeLedger.Row::delta)
        .containsExactly(1L, 2L, 3L);
  }

  @Test
  void aFirstBatchInDoubtIsNotSentAgainWhenItsSessionMayBeForgotten() {
    harness.cluster.faults(request -> Fault.ANSWER_LOST);
    CompletableFuture<RecordResult> lost = harness.record("a", 1);
    harness.advance(Duration.ofSeconds(11));
    harness.cluster.stop(0);
    harness.advance(RecordingSettings.SESSION_TRUST.plusMinutes(31));
    harness.cluster.ledger(0).forgetAllSessions();
    harness.cluster.faults(request -> Fault.NONE);
    harness.cluster.start(0);
    CompletableFuture<RecordResult> next = harness.record("a", 2);
    harness.advance(Duration.ofSeconds(10));

    assertThat(failureOf(lost).isInDoubt()).isTrue();
    assertThat(next).isCompletedWithValue(RecordResult.APPLIED);
    assertThat(harness.cluster.rows()).extracting(FakeLedger.Row::delta).containsExactly(1L, 2L);
  }

  @Test
  void aLostAnswerIsAskedForAgainAndCountsOnce() {
    harness.cluster.faults(request -> Fault.CUT_AFTER);
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(3));
    harness.cluster.faults(request -> Fault.NONE);
    harness.advance(Duration.ofSeconds(1));

    assertThat(result).isCompletedWithValue(RecordResult.DUPLICATE);
    assertThat(harness.cluster.rows()).hasSize(1);
  }

  @Test
  void aShardThatNamesTheOwnerIsBelievedAtOnce() {
    harness.cluster.moveSilently(0, 1);
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(3));

    assertThat(result).isCompletedWithValue(RecordResult.APPLIED);
  }

  @Test
  void withoutAHintANewPictureEndsTheWait() {
    harness.cluster.hints(false);
    harness.cluster.moveSilently(0, 1);
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(3));
    assertThat(result).isNotDone();

    harness.cluster.publish();
    harness.loop.run();

    assertThat(result).isCompletedWithValue(RecordResult.APPLIED);
  }

  @Test
  void aFormerOwnerThatNeverAnswersDoesNotHoldUpTheNextOne() {
    harness.cluster.faults(request -> Fault.ANSWER_LOST);
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(3));
    harness.cluster.faults(request -> Fault.NONE);

    harness.cluster.move(0, 1);
    harness.loop.run();

    assertThat(result).isCompletedWithValue(RecordResult.DUPLICATE);
    assertThat(harness.cluster.rows()).hasSize(1);
  }

  @Test
  void aRangeThatTakesNothingIsAskedWithTheFirstBatchAloneAndMoreAndMoreSeldom() {
    List<Long> sequences = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    harness.cluster.faults(
        request -> {
          sequences.add(request.getBatch().getSequence());
          times.add(harness.loop.nanoTime());
          return Fault.IN_HANDOFF;
        });
    List<CompletableFuture<RecordResult>> results = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      results.add(harness.record("a", i + 1));
      harness.recorder.sendNow();
    }
    harness.loop.run();
    int first = sequences.size();

    harness.advance(RecordingSettings.SUSPICION.minusMillis(500));
    int last = sequences.size() - 1;
    long firstWait = times.get(first) - times.get(first - 1);
    assertThat(sequences.subList(first, last + 1)).containsOnly(1L);
    assertThat(times.get(last) - times.get(last - 1)).isGreaterThan(3 * firstWait);

    harness.cluster.faults(request -> Fault.NONE);
    harness.cluster.move(0, 1);
    harness.loop.run();

    assertThat(results).allSatisfy(each -> assertThat(each).isCompleted());
    assertThat(harness.cluster.rows())
        .extracting(FakeLedger.Row::delta)
        .containsExactly(1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void noMoreBatchesAreOnTheirWayThanAllowed() {
    AtomicInteger arrived = new AtomicInteger();
    harness.cluster.faults(
        request -> {
          arrived.incrementAndGet();
          return Fault.ANSWER_LOST;
        });
    for (int i = 0; i < 20; i++) {
      harness.record("a", i + 1);
      harness.recorder.sendNow();
    }
    harness.loop.run();

    assertThat(arrived).hasValue(RecordingSettings.BATCHES_IN_FLIGHT);
  }

  @Test
  void afterTheEndNothingIsTaken() {
    CompletableFuture<RecordResult> last = harness.record("a", 1);
    CompletableFuture<Void> closing =
        CompletableFuture.runAsync(harness.recorder::close, task -> new Thread(task).start());
    await()
        .until(
            () -> {
              harness.loop.run();
              return closing.isDone();
            });

    assertThat(last).isCompletedWithValue(RecordResult.APPLIED);
    assertThatThrownBy(() -> harness.record("a", 1)).isInstanceOf(IllegalStateException.class);
    assertThat(harness.recorder.bytesInFlight()).isZero();
  }
}
