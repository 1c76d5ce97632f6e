package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Tasks that begin when their test lets them end. */
final class TurnsTest {

  private final Turns turns = new Turns(2);
  private final List<CompletableFuture<String>> begun = new ArrayList<>();

  private CompletableFuture<String> run() {
    return turns.run(
        () -> {
          CompletableFuture<String> task = new CompletableFuture<>();
          begun.add(task);
          return task;
        });
  }

  @Test
  void onlySoManyRunAtOnceAndTheOthersFollowInOrder() {
    List<CompletableFuture<String>> results = List.of(run(), run(), run(), run());
    assertThat(begun).hasSize(2);

    begun.get(1).complete("second");
    assertThat(begun).hasSize(3);
    begun.get(2).complete("third");
    assertThat(results.get(2)).isCompletedWithValue("third");
    assertThat(begun).hasSize(4);
    assertThat(results.get(0)).isNotDone();
  }

  @Test
  void aFailedTaskEndsItsTurnToo() {
    CompletableFuture<String> failed = run();
    CompletableFuture<String> thrown =
        turns.run(
            () -> {
              throw new IllegalStateException("thrown by the test");
            });
    run();
    begun.get(0).completeExceptionally(new IllegalStateException("failed by the test"));
    run();

    assertThat(failed).isCompletedExceptionally();
    assertThat(thrown).isCompletedExceptionally();
    assertThat(begun).hasSize(3);
  }
}
