package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.tallyring.client.TallyringException;
import org.tallyring.proto.v1.ErrorReason;

final class ByteBudgetTest {

  private final AtomicLong clock = new AtomicLong();
  private final ByteBudget budget = new ByteBudget(100, 1000, clock::get);

  @Test
  void aCallerWaitsForRoomAndGetsIt() {
    budget.acquire(80);
    CompletableFuture<Void> waiter = waiter(30);

    budget.release(20);

    waiter.join();
    assertThat(budget.used()).isEqualTo(90);
    assertThat(budget.waiting()).isZero();
  }

  @Test
  void aWaitEndsWithTheCallersPatienceAndLeavesNothingBehind() {
    budget.acquire(80);
    CompletableFuture<Void> waiter = waiter(30);

    clock.set(999);
    budget.tick();
    assertThat(waiter).isNotDone();
    clock.set(1000);
    budget.tick();

    assertThatThrownBy(waiter::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            TallyringException.class,
            failure -> {
              assertThat(failure.reason()).isEqualTo(ErrorReason.ERROR_REASON_OVERLOADED);
              assertThat(failure.isRetryable()).isTrue();
              assertThat(failure.isInDoubt()).isFalse();
            });
    assertThat(budget.used()).isEqualTo(80);
  }

  @Test
  void closingEndsAllWaits() {
    budget.acquire(100);
    CompletableFuture<Void> waiter = waiter(1);

    budget.close();

    assertThatThrownBy(waiter::join).hasCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void anInterruptedCallerIsToldAndStaysInterrupted() throws InterruptedException {
    budget.acquire(100);
    List<Object> seen = new ArrayList<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                budget.acquire(1);
              } catch (TallyringException refused) {
                seen.add(refused.reason());
                seen.add(Thread.currentThread().isInterrupted());
              }
            });
    caller.start();
    await().until(() -> budget.waiting() == 1);

    caller.interrupt();
    caller.join();

    assertThat(seen).containsExactly(ErrorReason.ERROR_REASON_OVERLOADED, true);
  }

  @Test
  void manyCallersNeverHoldMoreThanTheLimit() {
    AtomicLong held = new AtomicLong();
    AtomicLong most = new AtomicLong();
    List<CompletableFuture<Void>> callers = new ArrayList<>();
    for (int caller = 0; caller < 4; caller++) {
      callers.add(
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 5_000; i++) {
                  budget.acquire(40);
                  most.accumulateAndGet(held.addAndGet(40), Math::max);
                  held.addAndGet(-40);
                  budget.release(40);
                }
              },
              task -> new Thread(task).start()));
    }
    callers.forEach(CompletableFuture::join);

    assertThat(most.get()).isLessThanOrEqualTo(100);
    assertThat(budget.used()).isZero();
  }

  private CompletableFuture<Void> waiter(int bytes) {
    CompletableFuture<Void> waiter =
        CompletableFuture.runAsync(() -> budget.acquire(bytes), task -> new Thread(task).start());
    await().until(() -> budget.waiting() == 1);
    return waiter;
  }
}
