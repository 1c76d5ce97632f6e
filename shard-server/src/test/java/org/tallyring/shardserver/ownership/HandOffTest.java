package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.ownership.RangeHarness.RANGE;
import static org.tallyring.shardserver.ownership.RangeHarness.batch;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A range on its way from a shard that serves it to another one. */
final class HandOffTest {

  private static final int A = 1;
  private static final String OWNER = "shard-2";

  private final RangeHarness harness = new RangeHarness();
  private final FakeHandOffRequests requests = new FakeHandOffRequests();
  private final ManualScheduler scheduler = new ManualScheduler();
  private final OwnedRange owner = harness.open();
  private final OwnedRange target = harness.newRange();
  private final HandOff handOff =
      new HandOff(
          target,
          OWNER,
          1,
          requests,
          harness.loop,
          scheduler.asService(),
          harness.meters,
          (coming, handedOff) -> target.take(handedOff));

  private void begin() {
    target.follow(harness.journals);
    handOff.begin();
    harness.loop.runAll();
  }

  private void record(OwnedRange range, long sequence, String... keys) {
    harness.submit(range, A, batch(sequence, keys));
    harness.settle();
  }

  private void answer(FakeHandOffRequests.Asked asked, Optional<HandedOff> handedOff) {
    asked.answer().complete(handedOff);
    harness.settle();
  }

  private long pauses() {
    return harness.registry.get("tallyring.handoff.pause").timer().count();
  }

  @Test
  void theOwnerServesUntilItIsAskedAndNothingIsLostOrCountedTwice() throws Exception {
    record(owner, 1, "x");
    begin();
    FakeHandOffRequests.Asked asked = requests.take();
    assertThat(asked.owner()).isEqualTo(OWNER);
    assertThat(asked.epoch()).isEqualTo(1);
    assertThat(target.state()).isEqualTo(RangeState.FOLLOWING);
    assertThat(harness.store.record(RANGE).getEpoch()).isEqualTo(1);

    // What is in flight when the owner hands off is finished by it.
    record(owner, 2, "x", "y");
    harness.submit(owner, A, batch(3, "x"));
    CompletableFuture<Optional<HandedOff>> released = owner.release();
    harness.settle();
    assertThat(owner.state()).isEqualTo(RangeState.RELEASED);
    assertThat(released.join()).contains(new HandedOff(1, 4, 0));
    answer(asked, released.join());

    assertThat(target.state()).isEqualTo(RangeState.SERVING);
    assertThat(target.epoch()).isEqualTo(2);
    assertThat(pauses()).isEqualTo(1);
    harness.submit(target, A, batch(3, "x"));
    record(target, 4, "y");
    assertThat(harness.takeAnswers())
        .containsExactly("1:APPLIED", "2:APPLIED", "3:APPLIED", "3:DUPLICATE", "4:APPLIED");
    assertThat(harness.count(target, "x")).isEqualTo(3);
    assertThat(harness.count(target, "y")).isEqualTo(2);
  }

  @Test
  void theOwnerIsAskedOnlyWhenLittleIsLeftToReplay() {
    for (int sequence = 1; sequence <= 100; sequence++) {
      record(owner, sequence, "x");
    }
    target.follow(harness.journals);
    handOff.begin();
    for (int turn = 0; turn < 2; turn++) {
      harness.loop.runOne();
    }
    assertThat(requests.isEmpty()).isTrue();
    harness.loop.runAll();

    assertThat(requests.isEmpty()).isFalse();
  }

  @Test
  void whenTheOwnerDiesTheRangeIsTakenAndTheOldEpochAppendsNothing() {
    record(owner, 1, "x");
    begin();
    handOff.ownerIsGone();
    harness.settle();

    assertThat(target.state()).isEqualTo(RangeState.SERVING);
    assertThat(harness.count(target, "x")).isEqualTo(1);
    // A pause that nobody asked for is no hand-off's.
    assertThat(pauses()).isZero();
    record(owner, 2, "x");
    assertThat(owner.state()).isEqualTo(RangeState.FENCED);
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:IN_DOUBT");
    assertThat(harness.count(target, "x")).isEqualTo(1);
  }

  @Test
  void anOwnerThatDiesWhileItHandsOffLosesNothing() throws Exception {
    record(owner, 1, "x");
    begin();
    FakeHandOffRequests.Asked asked = requests.take();
    harness.submit(owner, A, batch(2, "x"));
    owner.release();
    handOff.ownerIsGone();
    harness.settle();
    asked.answer().completeExceptionally(new IllegalStateException("connection refused"));
    harness.settle();

    assertThat(target.state()).isEqualTo(RangeState.SERVING);
    record(target, 2, "x");
    assertThat(harness.count(target, "x")).isEqualTo(2);
  }

  @Test
  void anOwnerThatServesOnIsAskedAgainAndNothingIsTakenFromIt() throws Exception {
    begin();
    for (int i = 0; i < 5; i++) {
      requests.take().answer().completeExceptionally(new HandOffRefusedException("not yet"));
      harness.settle();
      assertThat(target.state()).isEqualTo(RangeState.FOLLOWING);
      ManualScheduler.Scheduled retry = scheduler.take();
      assertThat(retry.delayMillis()).isEqualTo(100);
      retry.task().run();
      harness.loop.runAll();
    }
    record(owner, 1, "x");
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
  }

  @Test
  void anOwnerThatNeverAnswersHoldsUpNothing() throws Exception {
    record(owner, 1, "x");
    begin();
    for (int i = 0; i < 3; i++) {
      assertThat(target.state()).isEqualTo(RangeState.FOLLOWING);
      requests.take().answer().completeExceptionally(new IllegalStateException("no route"));
      harness.settle();
      if (i < 2) {
        scheduler.take().task().run();
        harness.loop.runAll();
      }
    }
    assertThat(target.state()).isEqualTo(RangeState.SERVING);
    assertThat(harness.count(target, "x")).isEqualTo(1);
  }

  @Test
  void aTargetThatStopsLeavesNoTrace() throws Exception {
    record(owner, 1, "x");
    begin();
    FakeHandOffRequests.Asked asked = requests.take();
    target.release();
    harness.loop.runAll();
    answer(asked, Optional.empty());

    assertThat(target.state()).isEqualTo(RangeState.RELEASED);
    record(owner, 2, "x");
    assertThat(owner.state()).isEqualTo(RangeState.SERVING);
    assertThat(harness.store.record(RANGE).getEpoch()).isEqualTo(1);
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED");
  }

  @Test
  void aReplayThatFindsOtherThanWhatWasHandedOffDoesNotServe() throws Exception {
    record(owner, 1, "x");
    begin();
    FakeHandOffRequests.Asked asked = requests.take();
    owner.release();
    harness.settle();
    answer(asked, Optional.of(new HandedOff(1, 2, 0)));

    assertThat(target.state()).isEqualTo(RangeState.LOST);
    assertThat(harness.lost).containsExactly(target);
  }

  @Test
  void aJournalThatCannotBeFollowedLosesTheTargetOnly() {
    harness.store.tamper(
        RANGE,
        record ->
            record.toBuilder()
                .setSegments(0, record.getSegments(0).toBuilder().setNumber(9))
                .build());
    begin();
    harness.settle();

    assertThat(target.state()).isEqualTo(RangeState.LOST);
    record(owner, 1, "x");
    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED");
  }
}
