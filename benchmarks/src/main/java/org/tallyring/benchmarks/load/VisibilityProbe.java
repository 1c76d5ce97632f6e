package org.tallyring.benchmarks.load;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.tallyring.client.Increment;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TallyringException;
import org.tallyring.client.TopK;
import org.tallyring.client.WindowSelection;
import org.tallyring.topology.window.WindowLevel;

/**
 * Records an increment, waits for its acknowledgement, and asks for the ranking of the cluster
 * until it is in it; then another. The increments have a metric of their own, in which few keys are
 * ranked, so a count of 1 more can be seen there, and the load's counts stay what they are.
 */
public final class VisibilityProbe implements Worker {

  /** The metric of its increments. */
  public static final String METRIC = "bench-visibility";

  /** As many keys, so that many ranges take part. */
  private static final int KEYS = 64;

  private static final long ASK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /**
   * Rests of any length up to the time between two collections: without them each increment would
   * come just after one, and wait longest.
   */
  private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Destination destination;
  private final Outcomes outcomes;
  private final Random random = new Random(1);

  VisibilityProbe(Destination destination, Outcomes outcomes) {
    this.destination = destination;
    this.outcomes = outcomes;
  }

  @Override
  public void work(Window window, Clock clock) {
    try (TallyringClient client =
        TallyringClient.builder()
            .servers(destination.server())
            .namespace(destination.namespace())
            .deadline(DEADLINE)
            .build()) {
      for (int probe = 0; !window.isOver(clock.nanoTime()) && !isInterrupted(); probe++) {
        try {
          probe(client, "probe-" + probe % KEYS, window, clock);
        } catch (TallyringException failure) {
          outcomes.failed("visibility: " + Reasons.of(failure));
        }
        rest(clock);
      }
    }
  }

  private void probe(TallyringClient client, String key, Window window, Clock clock) {
    long expected = client.count(METRIC, key) + 1;
    try {
      client.recordAsync(Increment.of(METRIC, key)).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof TallyringException cause) {
        throw cause;
      }
      throw failed;
    }
    long acknowledged = clock.nanoTime();
    long giveUpAt = acknowledged + DEADLINE.toNanos();
    while (ranked(client, key) < expected) {
      if (clock.nanoTime() - giveUpAt > 0 || isInterrupted()) {
        outcomes.failed("visibility: NOT_SEEN");
        return;
      }
      clock.parkUntil(clock.nanoTime() + ASK_AGAIN_NANOS);
    }
    outcomes.visibilities().record(acknowledged, clock.nanoTime());
  }

  private static long ranked(TallyringClient client, String key) {
    TopK top = client.topK(METRIC, WindowSelection.current(WindowLevel.ALL), KEYS);
    return top.items().stream()
        .filter(item -> item.key().equals(key))
        .mapToLong(TopK.Item::count)
        .findFirst()
        .orElse(0);
  }

  private void rest(Clock clock) {
    long until = clock.nanoTime() + (long) (random.nextDouble() * LONGEST_REST_NANOS);
    while (clock.nanoTime() - until < 0 && !isInterrupted()) {
      clock.parkUntil(until);
    }
  }

  private static boolean isInterrupted() {
    return Thread.currentThread().isInterrupted();
  }
}
