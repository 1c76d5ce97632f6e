package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.ownership.RangeHarness.RANGE;
import static org.tallyring.shardserver.ownership.RangeHarness.UID;
import static org.tallyring.shardserver.ownership.RangeHarness.batch;
import static org.tallyring.shardserver.ownership.RangeHarness.deltas;
import static org.tallyring.shardserver.ownership.RangeHarness.large;

import io.grpc.Status.Code;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;

/** The way of batches through a range, step by step. */
final class RangeIntakeTest {

  private static final int A = 1;
  private static final int B = 2;

  private final RangeHarness harness = new RangeHarness();
  private final OwnedRange range = harness.open();

  private void submit(int session, RecordBatch batch) {
    harness.submit(range, session, batch);
  }

  @Test
  void aLoneBatchIsAppendedAtOnceAndAppliedWhenItIsDurable() {
    submit(A, batch(1, "x"));

    assertThat(harness.entries()).isEqualTo(1);
    assertThat(harness.answers).isEmpty();
    assertThat(harness.count(range, "x")).isZero();

    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
    assertThat(harness.count(range, "x")).isEqualTo(1);
  }

  @Test
  void anAnswerNamesSessionRangeAndSequence() {
    submit(A, batch(1, "x"));
    harness.settle();

    RecordStreamResponse answer = harness.answers.get(0);
    assertThat(answer.getSessionId()).isEqualTo(RangeHarness.session(A));
    assertThat(answer.getRangeId()).isEqualTo(RANGE);
    assertThat(answer.hasError()).isFalse();
  }

  @Test
  void behindAnEntryInFlightBatchesGatherIntoOneEntry() {
    submit(A, batch(1, "x"));
    submit(A, batch(2, "y"));
    submit(B, batch(1, "z"));
    assertThat(harness.entries()).isEqualTo(1);

    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
    assertThat(harness.entries()).isEqualTo(2);
    assertThat(harness.count(range, "y")).isZero();

    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("2:APPLIED", "1:APPLIED");
    assertThat(harness.count(range, "z")).isEqualTo(1);
  }

  @Test
  void aQueueOfSixteenKibibytesGoesOutBehindAnEntryInFlight() {
    submit(A, batch(1, "x"));
    for (int sequence = 2; sequence <= 4; sequence++) {
      submit(A, large(sequence, 4 << 10));
    }
    assertThat(harness.entries()).isEqualTo(1);

    submit(A, large(5, 4 << 10));
    assertThat(harness.entries()).isEqualTo(2);

    harness.settle();
    assertThat(harness.takeAnswers())
        .containsExactly("1:APPLIED", "2:APPLIED", "3:APPLIED", "4:APPLIED", "5:APPLIED");
  }

  @Test
  void eightEntriesAreInFlightAtMostAndTheRestGathersIntoSixtyFourKibibytes() {
    List<String> expected = new ArrayList<>();
    for (int sequence = 1; sequence <= 20; sequence++) {
      submit(A, large(sequence, 17 << 10));
      expected.add(sequence + ":APPLIED");
    }
    assertThat(harness.entries()).isEqualTo(8);

    harness.acknowledgeOne();
    assertThat(harness.entries()).isEqualTo(9);

    harness.settle();
    // Three of 17 KiB in each entry after the first eight.
    assertThat(harness.entries()).isEqualTo(8 + 12 / 3);
    assertThat(harness.takeAnswers()).isEqualTo(expected);
  }

  @Test
  void aRepeatOfABatchInFlightIsAnsweredAfterIt() {
    submit(A, batch(1, "x"));
    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    assertThat(harness.answers).isEmpty();

    harness.settle();
    assertThat(harness.takeAnswers())
        .containsExactly("1:APPLIED", "1:DUPLICATE", "2:APPLIED", "1:DUPLICATE", "2:DUPLICATE");
    assertThat(harness.count(range, "x")).isEqualTo(2);
    assertThat(harness.entries()).isEqualTo(2);
  }

  @Test
  void aRepeatOfAnAppliedBatchIsAnsweredAtOnce() {
    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    harness.settle();
    harness.takeAnswers();

    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    assertThat(harness.takeAnswers()).containsExactly("1:DUPLICATE", "2:DUPLICATE");
    assertThat(harness.count(range, "x")).isEqualTo(2);
  }

  /** A group of repeats only, in front of a batch that does not fit into the same entry. */
  @Test
  void aRepeatInFrontOfAnEntryOfItsOwnDoesNotAnswerForTheEntryInFlight() {
    submit(A, batch(1, "x"));
    submit(A, batch(1, "x"));
    submit(B, large(1, 100 << 10));
    assertThat(harness.entries()).isEqualTo(2);
    assertThat(harness.answers).isEmpty();

    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "1:DUPLICATE");
    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
  }

  @Test
  void aGapIsRefusedWithTheLastSequence() {
    submit(A, batch(1, "x"));
    harness.settle();
    harness.takeAnswers();

    submit(A, batch(3, "x"));
    RecordStreamResponse answer = harness.answers.get(0);
    assertThat(answer.getError().getCode()).isEqualTo(Code.FAILED_PRECONDITION.value());
    assertThat(Errors.metadataOf(Errors.fromProto(answer.getError())))
        .containsEntry("lastSequence", "1");
    assertThat(harness.takeAnswers()).containsExactly("3:SEQUENCE_GAP");

    submit(A, batch(2, "x"));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("2:APPLIED");
  }

  @Test
  void sequencesAreCheckedAgainstWhatIsInFlight() {
    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    submit(A, batch(4, "x"));
    assertThat(harness.takeAnswers()).containsExactly("4:SEQUENCE_GAP");
    submit(A, batch(3, "x"));
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED", "3:APPLIED");
  }

  @Test
  void aSessionThatIsNotKnownMustBegin() {
    submit(A, batch(2, "x"));
    assertThat(harness.takeAnswers()).containsExactly("2:SESSION_EXPIRED");
    submit(A, batch(1, "x"));
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
  }

  @Test
  void aSessionIdleForMoreThanAnHourOfJournalTimeIsForgotten() {
    submit(A, batch(1, "x"));
    harness.settle();
    harness.now += Duration.ofMinutes(61).toMillis();
    submit(A, batch(2, "x"));
    harness.settle();
    // Nothing was journalled in between, so journal time stood still.
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED");

    harness.now += Duration.ofMinutes(61).toMillis();
    submit(B, batch(1, "x"));
    harness.settle();
    harness.takeAnswers();
    submit(A, batch(3, "x"));
    submit(A, batch(2, "x"));
    assertThat(harness.takeAnswers()).containsExactly("3:SESSION_EXPIRED", "2:SESSION_EXPIRED");
    assertThat(harness.count(range, "x")).isEqualTo(3);
  }

  @Test
  void batchesWithoutASessionAreAppliedEachTime() {
    submit(0, batch(1, "x"));
    submit(0, batch(1, "x"));
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "1:APPLIED");
    assertThat(harness.count(range, "x")).isEqualTo(2);
  }

  @Test
  void invalidRowsAreAllNamedChangeNothingAndLeaveTheSequenceFree() {
    submit(A, batch(1, "x", "", "y", "bad\u0001key"));

    RecordStreamResponse answer = harness.answers.get(0);
    assertThat(answer.getInvalidRowsList()).containsExactly(1, 3);
    assertThat(answer.getError().getCode()).isEqualTo(Code.INVALID_ARGUMENT.value());
    assertThat(harness.takeAnswers()).containsExactly("1:BAD_KEY");
    assertThat(harness.entries()).isZero();

    submit(A, batch(1, "x", "y"));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
    assertThat(harness.count(range, "x")).isEqualTo(1);
  }

  @Test
  void aBatchTooLargeForAnEntryIsRefusedAndTheLargestIsTaken() {
    submit(A, large(1, (1 << 20) + 1000));
    assertThat(harness.takeAnswers()).containsExactly("1:BAD_SIZE");

    submit(A, large(1, (1 << 20) - 10_000));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
  }

  @Test
  void aBatchThatCouldOverflowWaitsForQuietAndExactlyItsRowsAreRefused() {
    submit(A, deltas(1, "x", Long.MAX_VALUE - 10));
    submit(B, deltas(1, "x", 5, 6, 5, 1, -20));
    submit(A, batch(2, "y"));
    // Both wait: the first for quiet, the second behind it.
    assertThat(harness.entries()).isEqualTo(1);
    assertThat(harness.answers).isEmpty();

    harness.acknowledgeOne();
    RecordStreamResponse refused = harness.answers.get(1);
    assertThat(refused.getInvalidRowsList()).containsExactly(1, 3);
    assertThat(refused.getError().getCode()).isEqualTo(Code.OUT_OF_RANGE.value());
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "1:COUNT_OVERFLOW");
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("2:APPLIED");

    submit(B, deltas(1, "x", 5, 5, -20));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
    assertThat(harness.count(range, "x")).isEqualTo(Long.MAX_VALUE - 20);
    assertThat(harness.count(range, "y")).isEqualTo(1);
  }

  @Test
  void repeatsLeftInTheQueueDoNotKeepABatchWaitingForQuiet() {
    submit(A, deltas(1, "x", Long.MAX_VALUE - 10));
    harness.settle();
    harness.takeAnswers();

    submit(A, deltas(2, "x", 1));
    submit(A, deltas(2, "x", 1));
    submit(B, deltas(1, "y", 11));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("2:APPLIED", "2:DUPLICATE", "1:APPLIED");
    assertThat(harness.count(range, "y")).isEqualTo(11);
  }

  @Test
  void afterAFailedAppendWhatWasAppendedIsInDoubtAndWhatWasQueuedIsRefused() {
    submit(A, large(1, 17 << 10));
    harness.journals.failNextAppend(RANGE, true);
    submit(A, large(2, 17 << 10));
    submit(A, batch(3, "z"));
    submit(A, batch(2, "z"));
    harness.settle();

    assertThat(harness.takeAnswers())
        .containsExactly("1:IN_DOUBT", "2:IN_DOUBT", "3:RANGE_IN_HANDOFF", "2:IN_DOUBT");
    assertThat(range.state()).isEqualTo(RangeState.LOST);
    assertThat(harness.lost).containsExactly(range);
    assertThat(harness.count(range, "z")).isZero();

    submit(A, batch(3, "z"));
    assertThat(harness.takeAnswers()).containsExactly("3:RANGE_IN_HANDOFF");
  }

  @Test
  void whatWasInDoubtIsADuplicateForTheNextOwnerIfItWasDurable() {
    for (boolean durable : List.of(true, false)) {
      RangeHarness other = new RangeHarness();
      OwnedRange first = other.open();
      other.journals.failNextAppend(RANGE, durable);
      other.submit(first, A, batch(1, "x"));
      other.settle();
      assertThat(other.takeAnswers()).containsExactly("1:IN_DOUBT");

      OwnedRange second = other.open();
      other.submit(second, A, batch(1, "x"));
      other.settle();
      assertThat(other.takeAnswers()).containsExactly(durable ? "1:DUPLICATE" : "1:APPLIED");
      assertThat(other.count(second, "x")).isEqualTo(1);
    }
  }

  @Test
  void whatWaitedForQuietWhenTheJournalWasLostIsRefused() {
    submit(A, deltas(1, "x", Long.MAX_VALUE));
    submit(B, deltas(1, "x", 1));
    OwnedRange next = harness.open();
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:IN_DOUBT", "1:RANGE_IN_HANDOFF");
    assertThat(harness.count(next, "x")).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aReleaseFinishesWhatIsUnderWayAndTakesNothingNew() {
    submit(A, batch(1, "x"));
    submit(A, batch(2, "x"));
    CompletableFuture<?> released = range.release();
    harness.loop.runAll();
    submit(A, batch(3, "x"));
    assertThat(harness.takeAnswers()).containsExactly("3:RANGE_IN_HANDOFF");
    assertThat(range.state()).isEqualTo(RangeState.HANDING_OFF);

    harness.acknowledgeOne();
    assertThat(released).isNotDone();
    harness.acknowledgeOne();
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED");
    assertThat(released).isCompleted();
    assertThat(range.state()).isEqualTo(RangeState.RELEASED);
    assertThat(harness.lost).isEmpty();
    assertThat(harness.count(harness.open(), "x")).isEqualTo(2);
  }

  @Test
  void aReleaseEndsWhenTheJournalIsLostMeanwhile() {
    submit(A, batch(1, "x"));
    CompletableFuture<?> released = range.release();
    harness.open();
    harness.settle();

    assertThat(released).isCompleted();
    assertThat(range.state()).isEqualTo(RangeState.FENCED);
    assertThat(harness.takeAnswers()).containsExactly("1:IN_DOUBT");
  }

  @Test
  void theShardsBytesInFlightAreBoundedAndGivenBack() {
    RangeHarness small = new RangeHarness();
    small.budget = new InFlightBudget(20 << 10);
    OwnedRange owner = small.open();
    small.submit(owner, A, large(1, 17 << 10));
    small.submit(owner, A, large(2, 17 << 10));
    RecordStreamResponse refused = small.answers.get(0);
    assertThat(Errors.retryDelayOf(Errors.fromProto(refused.getError()))).isPresent();
    assertThat(small.takeAnswers()).containsExactly("2:OVERLOADED");

    small.journals.failNextAppend(RANGE, false);
    small.settle();
    small.submit(owner, A, large(2, 17 << 10));
    small.settle();
    assertThat(small.takeAnswers()).containsExactly("1:APPLIED", "2:IN_DOUBT");

    OwnedRange next = small.open();
    small.submit(next, A, large(2, 17 << 10));
    small.settle();
    assertThat(small.takeAnswers()).containsExactly("2:APPLIED");
  }

  @Test
  void aNamespaceEndsInOrderWithTheBatchesAroundItAndForGood() {
    submit(A, batch(1, "x"));
    submit(A, batch(2, "y"));
    range.deleteNamespace(UID);
    harness.loop.runAll();
    submit(A, batch(3, "z"));
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED", "3:APPLIED");
    assertThat(harness.entries()).isEqualTo(4);
    for (OwnedRange owner : List.of(range, harness.open())) {
      for (String key : List.of("x", "y", "z")) {
        assertThat(harness.count(owner, key)).isZero();
      }
    }
  }

  @Test
  void everyRefusalHasAStatusAndAReason() {
    submit(A, batch(2, "x"));
    submit(A, batch(1, ""));
    submit(A, batch(0, "x"));
    submit(A, deltas(1, "x", 0));
    submit(A, large(1, 2 << 20));
    range.submit(
        new Submission(
            RangeHarness.session(A).substring(1),
            ReceivedBatch.of(batch(1, "x")),
            RangeHarness.NAMESPACE,
            harness.answers::add));
    harness.loop.runAll();

    assertThat(harness.answers)
        .hasSize(6)
        .allSatisfy(
            answer -> {
              assertThat(answer.getError().getCode()).isNotZero();
              assertThat(answer.getError().getMessage()).contains("(expected: ");
              assertThat(Errors.reasonOf(answer.getError()))
                  .isNotEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
            });
    assertThat(harness.takeAnswers())
        .containsExactly(
            "2:SESSION_EXPIRED",
            "1:BAD_KEY",
            "0:BAD_SESSION",
            "1:BAD_DELTA",
            "1:BAD_SIZE",
            "1:BAD_SESSION");
  }
}
