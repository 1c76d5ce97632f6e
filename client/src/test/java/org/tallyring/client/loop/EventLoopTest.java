package org.tallyring.client.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class EventLoopTest {

  @Test
  void tasksRunInTheirOrderOnOneDaemonThread() {
    try (EventLoop loop = NetworkLoop.start("a-name")) {
      List<Integer> seen = new ArrayList<>();
      CompletableFuture<Thread> done = new CompletableFuture<>();
      for (int i = 0; i < 1000; i++) {
        int task = i;
        loop.execute(() -> seen.add(task));
      }
      loop.execute(() -> done.complete(Thread.currentThread()));

      assertThat(done.join().getName()).isEqualTo("a-name");
      assertThat(done.join().isDaemon()).isTrue();
      assertThat(seen).hasSize(1000).isSorted();
    }
  }

  @Test
  void aTaskThatThrowsDoesNotEndTheLoop() {
    try (EventLoop loop = NetworkLoop.start("a-name")) {
      CompletableFuture<String> next = new CompletableFuture<>();
      loop.execute(
          () -> {
            throw new IllegalStateException("thrown by the test");
          });
      loop.schedule(() -> next.complete("ran"), Duration.ofMillis(1));

      assertThat(next.join()).isEqualTo("ran");
    }
  }

  @Test
  @Timeout(30)
  void afterTheEndTasksAreDroppedAndTheThreadEnds() throws InterruptedException {
    EventLoop loop = NetworkLoop.start("a-name");
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    CompletableFuture<String> never = new CompletableFuture<>();
    loop.execute(
        () -> {
          loop.close();
          loop.execute(() -> never.complete("ran"));
          loop.schedule(() -> never.complete("ran"), Duration.ZERO);
          thread.complete(Thread.currentThread());
        });

    thread.join().join();
    loop.execute(() -> never.complete("ran"));

    assertThat(never).isNotDone();
  }
}
