package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.client.RecordResult;

/**
 * What a flush waits for, where callbacks run only when the test lets them: the thread that runs
 * them may be as slow as it likes.
 */
final class FlushTest {

  private final Queue<Runnable> callbacks = new ConcurrentLinkedQueue<>();
  private final RecorderHarness harness =
      new RecorderHarness(1, 1, Duration.ofSeconds(20), 64 << 10, 7, callbacks::add);

  @AfterEach
  void close() {
    harness.close();
  }

  private void recordRefused() {
    harness.recorder.record(
        "unknown",
        "a".getBytes(StandardCharsets.UTF_8),
        Recorder.NO_USER,
        1,
        Recorder.UNTIMED,
        null);
  }

  private CompletableFuture<Void> flush() {
    return CompletableFuture.runAsync(harness.recorder::flush, task -> new Thread(task).start());
  }

  /** Runs the loop until a flush has gone as far as it can without a callback. */
  private void runUntilCallbacks(int number, CompletableFuture<Void> flush) {
    await()
        .until(
            () -> {
              harness.loop.run();
              return callbacks.size() >= number || flush.isDone();
            });
  }

  private void runOneCallback() {
    callbacks.remove().run();
  }

  @Test
  void aFlushAfterARefusalReturnsOnlyWhenTheListenerHasHeardOfIt() {
    recordRefused();
    harness.advance(Duration.ofMillis(50));
    // The batch has ended: nothing but the listener is left to wait for.
    assertThat(harness.recorder.totals().failed()).isEqualTo(1);
    assertThat(callbacks).hasSize(1);

    CompletableFuture<Void> flush = flush();
    runUntilCallbacks(2, flush);
    assertThat(harness.failures).isEmpty();
    assertThat(flush).isNotDone();
    runOneCallback();

    assertThat(harness.failures).hasSize(1);
    runOneCallback();
    flush.join();
  }

  @Test
  void aFlushBeforeTheAnswerReturnsOnlyWhenTheListenerHasHeardOfIt() {
    recordRefused();

    CompletableFuture<Void> flush = flush();
    runUntilCallbacks(1, flush);
    assertThat(harness.recorder.totals().failed()).isEqualTo(1);
    assertThat(harness.failures).isEmpty();
    assertThat(flush).isNotDone();
    runOneCallback();

    assertThat(harness.failures).hasSize(1);
    runUntilCallbacks(1, flush);
    callbacks.forEach(Runnable::run);
    flush.join();
  }

  @Test
  void aFlushReturnsOnlyWhenFuturesAreCompleted() {
    CompletableFuture<RecordResult> result = harness.record("a", 1);
    harness.advance(Duration.ofMillis(50));
    assertThat(harness.recorder.totals().applied()).isEqualTo(1);

    CompletableFuture<Void> flush = flush();
    runUntilCallbacks(2, flush);
    assertThat(result).isNotDone();
    assertThat(flush).isNotDone();
    runOneCallback();

    assertThat(result).isCompletedWithValue(RecordResult.APPLIED);
    runOneCallback();
    flush.join();
  }
}
