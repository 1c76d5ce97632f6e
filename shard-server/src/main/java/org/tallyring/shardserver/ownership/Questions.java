package org.tallyring.shardserver.ownership;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of a range, on its loop. Questions come from any thread; that there is something to
 * ask begins and ends on the loop.
 */
final class Questions {

  private final Executor loop;

  /** What is asked; of the tenure before while the present one does not serve yet. */
  private volatile @Nullable RangeQueries open;

  Questions(Executor loop) {
    this.loop = loop;
  }

  /** From now on these are asked, and those before no more. */
  void begin(RangeQueries queries) {
    end();
    open = queries;
  }

  /** From now on these are asked, of a tenure that others may ask too. */
  void borrow(RangeQueries queries) {
    open = queries;
  }

  /** Nothing is answered any more. */
  void end() {
    RangeQueries ended = open;
    if (ended != null) {
      ended.end();
      open = null;
    }
  }

  /** What is asked; null if nothing is. */
  @Nullable RangeQueries present() {
    return open;
  }

  /** Asks; null when the range answers nothing. */
  <T> CompletableFuture<@Nullable T> ask(
      Function<RangeQueries, CompletableFuture<@Nullable T>> question) {
    return onLoop(
        () -> {
          RangeQueries asked = open;
          // The next tenure ends what it answered from until then, and has counted further.
          return asked == null || asked.isEnded()
              ? CompletableFuture.completedFuture(null)
              : question.apply(asked);
        });
  }

  /** Answers on the loop; a question that throws fails its answer and nothing else. */
  <T> CompletableFuture<@Nullable T> onLoop(Supplier<CompletableFuture<@Nullable T>> question) {
    CompletableFuture<@Nullable T> answer = new CompletableFuture<>();
    loop.execute(
        () -> {
          try {
            question
                .get()
                .whenComplete(
                    (result, failure) -> {
                      if (failure == null) {
                        answer.complete(result);
                      } else {
                        answer.completeExceptionally(failure);
                      }
                    });
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }
}
