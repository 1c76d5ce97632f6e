package org.tallyring.benchmarks.load;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;
import org.tallyring.benchmarks.keys.ZipfKeys;

/** A whole run, against a target that counts in a map. */
final class LoadRunTest {

  private static final int KEYS = 50;

  private final Outcomes outcomes = new Outcomes();
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();
  private final LongAdder acknowledged = new LongAdder();

  /** Which increments are counted, by how many were sent before and their rank. */
  private BiPredicate<Long, Integer> counted = (before, rank) -> true;

  private final class Counting implements Target {
    @Override
    public Producer producer(int sender, int senders) {
      return new Producer() {
        private long sent;

        @Override
        public boolean send(int metric, int rank, long dueNanos, boolean sampled) {
          if (counted.test(sent++, rank)) {
            count(metric, ZipfKeys.key(rank));
          }
          acknowledged.increment();
          outcomes.acknowledgements().record(dueNanos, System.nanoTime());
          return true;
        }

        @Override
        public int burst() {
          return 256;
        }

        @Override
        public void idle() {}

        @Override
        public void finish() {}
      };
    }

    @Override
    public long acknowledged() {
      return acknowledged.sum();
    }

    @Override
    public ServerFigures figures() {
      // As if each increment had cost 100 ns and 20 bytes.
      return new ServerFigures(100.0 * acknowledged.sum(), 20.0 * acknowledged.sum(), null);
    }

    @Override
    public void close() {}
  }

  private void count(int metric, String key) {
    counts.computeIfAbsent(metric + key, unseen -> new LongAdder()).increment();
  }

  private Map<String, Long> read(int metric, List<String> keys) {
    Map<String, Long> answer = new HashMap<>();
    for (String key : keys) {
      LongAdder count = counts.get(metric + key);
      answer.put(key, count == null ? 0 : count.sum());
    }
    return answer;
  }

  private LoadReport run(boolean fill) throws InterruptedException {
    LoadPlan plan =
        new LoadPlan(20_000, Duration.ZERO, Duration.ofSeconds(1), KEYS, 1.0, 2, 2, fill, 10);
    return new LoadRun(plan, new Counting(), outcomes, Clock.SYSTEM, LoadWatcher.NONE)
        .verifyingWith(this::read)
        .run();
  }

  @Test
  void whatIsSentAndCountedIsVerifiedAndMeasured() throws InterruptedException {
    count(0, ZipfKeys.key(3)); // from before the run

    LoadReport report = run(true);

    Verification verification = requireNonNull(report.verification());
    assertThat(verification.keys()).isEqualTo(2 * KEYS);
    assertThat(verification.differing()).isZero();
    assertThat(report.acknowledged()).isBetween(10_000L, 20_100L);
    assertThat(report.serverCpuNanos()).isBetween(80.0, 120.0);
    assertThat(report.wireBytes()).isBetween(16.0, 24.0);
    assertThat(report.journalBytes()).isNull();
    assertThat(report.ackP99Millis()).isNotNull();
    assertThat(report.readP99Millis()).isNull();
    assertThat(report.errors()).isEmpty();
  }

  @Test
  void oneIncrementThatIsLostIsFound() throws InterruptedException {
    counted = (before, rank) -> before != 1_000 || rank < 0;

    Verification verification = requireNonNull(run(false).verification());

    // Each of the two senders lost one.
    assertThat(verification.differing()).isBetween(1L, 2L);
    assertThat(verification.first())
        .allSatisfy(
            difference -> {
              assertThat(difference.counted()).isLessThan(difference.atLeast());
              assertThat(difference.atMost()).isEqualTo(difference.atLeast());
            });
  }

  @Test
  void oneIncrementThatIsCountedTwiceIsFound() throws InterruptedException {
    counted =
        (before, rank) -> {
          if (before == 1_000) {
            count(0, ZipfKeys.key(KEYS - 1));
          }
          return true;
        };

    Verification verification = requireNonNull(run(false).verification());

    assertThat(verification.differing()).isEqualTo(1);
    assertThat(verification.first().get(0).counted())
        .isEqualTo(verification.first().get(0).atMost() + 2);
  }

  @Test
  void whatFailedIsNotExpectedAndWhatIsInDoubtMayBe() throws InterruptedException {
    counted =
        (before, rank) -> {
          if (before == 500) {
            outcomes.failed("OVERLOADED", 0, rank, false);
          } else if (before == 1_000) {
            outcomes.failed("IN_DOUBT", 0, rank, true);
          }
          return before != 500 && before != 1_000;
        };

    LoadReport report = run(false);

    assertThat(requireNonNull(report.verification()).differing()).isZero();
    assertThat(report.errors()).isEqualTo(Map.of("OVERLOADED", 2L, "IN_DOUBT", 2L));
  }

  @Test
  void aSenderThatFailsEndsTheRun() {
    counted =
        (before, rank) -> {
          throw new IllegalStateException("connection lost");
        };

    assertThatThrownBy(() -> run(false)).hasMessageContaining("connection lost");
  }
}
