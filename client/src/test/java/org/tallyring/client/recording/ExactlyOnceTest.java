package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tallyring.client.RecordFailure;
import org.tallyring.client.RecordResult;
import org.tallyring.client.TallyringException;
import org.tallyring.client.fake.FakeLedger;
import org.tallyring.client.fake.Fault;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Random faults against the promise: each increment counts exactly once, and those of a key in
 * order.
 *
 * <p>Every increment has a delta of its own, so the ledgers tell which were applied, how often and
 * in which order. Some have an event id, and some of these are recorded twice. A run follows from
 * its seed alone; a failing one is repeated with {@code -Dtallyring.seed=N}.
 */
final class ExactlyOnceTest {

  private static final int RUNS = 200;
  private static final int INCREMENTS = 400;

  /** The delta of those whose result nobody asks for. */
  private static final long UNASKED = -1;

  private static final Duration LONGEST_DELAY = Duration.ofMillis(20);
  private static final Fault[] FAULTS = Fault.values();

  @Test
  void everyIncrementCountsOnceAndInOrderWhateverBreaks() {
    runAll(false);
  }

  @Test
  void evenWhenSessionsAreForgottenNothingCountsTwiceAndNothingIsLostInSilence() {
    runAll(true);
  }

  private static void runAll(boolean forgetful) {
    Long chosen = Long.getLong("tallyring.seed");
    long first = chosen == null ? new Random().nextLong() : chosen;
    int runs = chosen == null ? RUNS : 1;
    System.out.printf("ExactlyOnceTest: forgetful=%s, seeds from %d%n", forgetful, first);
    for (long seed = first; seed < first + runs; seed++) {
      new Run(seed, forgetful).check();
    }
  }

  /** One random history. */
  private static final class Run {

    private final long seed;
    private final boolean forgetful;
    private final Random random;
    private final Map<Long, CompletableFuture<RecordResult>> results = new HashMap<>();
    private final Map<Long, CompletableFuture<RecordResult>> repeats = new HashMap<>();
    private final Map<Long, String> keys = new HashMap<>();

    /** How many increments alike of a key were recorded without asking for the result. */
    private final Map<String, Integer> unasked = new HashMap<>();

    Run(long seed, boolean forgetful) {
      this.seed = seed;
      this.forgetful = forgetful;
      random = new Random(seed);
    }

    void check() {
      try (RecorderHarness harness =
          new RecorderHarness(4, 3, Duration.ofHours(1), 64 << 20, seed)) {
        int faultPercent = random.nextInt(40);
        harness.cluster.delays(
            () -> Duration.ofMillis(random.nextInt((int) LONGEST_DELAY.toMillis())));
        harness.cluster.hints(random.nextBoolean());
        harness.cluster.faults(
            request -> random.nextInt(100) < faultPercent ? fault() : Fault.NONE);
        for (long id = 1; id <= INCREMENTS; id++) {
          record(harness, id);
          recordUnasked(harness);
          if (random.nextInt(8) == 0) {
            harness.advance(Duration.ofMillis(random.nextInt(60)));
          }
          disturb(harness);
        }
        harness.cluster.faults(request -> Fault.NONE);
        harness.cluster.publish();
        harness.advance(Duration.ofMinutes(5));
        verify(harness.cluster.rows());
        verifyUnasked(harness);
      }
    }

    private Fault fault() {
      Fault fault = FAULTS[random.nextInt(FAULTS.length)];
      // Nothing comes an hour late, which is how long sessions are remembered at least.
      return forgetful && fault == Fault.CUT_AND_LATE ? Fault.CUT_BEFORE : fault;
    }

    private void record(RecorderHarness harness, long id) {
      int kind = random.nextInt(100);
      String key = kind < 4 ? "bad-" + id : "key-" + random.nextInt(20);
      String metric = kind == 99 ? "unknown" : "clicks";
      long time = random.nextInt(10) == 0 ? 1_700_000_000_000L + id : Recorder.UNTIMED;
      keys.put(id, metric.equals("unknown") ? "bad metric" : key);
      String eventId = random.nextInt(4) == 0 ? "event-" + id : null;
      results.put(id, harness.record(metric, key, id, time, eventId));
      if (eventId != null && random.nextInt(3) == 0) {
        // The caller records it once more, as if nothing had been recorded.
        repeats.put(id, harness.record(metric, key, id, time, eventId));
      }
    }

    private void recordUnasked(RecorderHarness harness) {
      for (int i = random.nextInt(6); i > 0; i--) {
        String key = (random.nextInt(50) == 0 ? "bad-" : "hot-") + random.nextInt(5);
        unasked.merge(key, 1, Integer::sum);
        harness.recorder.record(
            "clicks",
            key.getBytes(StandardCharsets.UTF_8),
            Recorder.NO_USER,
            UNASKED,
            Recorder.UNTIMED,
            null);
      }
    }

    private void verifyUnasked(RecorderHarness harness) {
      Map<String, Integer> applied = new HashMap<>();
      for (FakeLedger.Row row : harness.cluster.rows()) {
        if (row.delta() == UNASKED) {
          applied.merge(row.key(), 1, Integer::sum);
        }
      }
      Map<String, Integer> failed = new HashMap<>();
      Map<String, Integer> inDoubt = new HashMap<>();
      for (RecordFailure failure : harness.failures) {
        (failure.cause().isInDoubt() ? inDoubt : failed)
            .merge(failure.increment().key(), 1, Integer::sum);
      }
      unasked.forEach(
          (key, recorded) -> {
            int most = recorded - failed.getOrDefault(key, 0);
            assertThat(applied.getOrDefault(key, 0))
                .as("seed %d, increments alike of %s", seed, key)
                .isBetween(most - inDoubt.getOrDefault(key, 0), most);
          });
      assertThat(forgetful || inDoubt.isEmpty()).as("seed %d: in doubt", seed).isTrue();
    }

    private void disturb(RecorderHarness harness) {
      if (random.nextInt(60) == 0) {
        int range = random.nextInt(harness.cluster.rangeCount());
        if (random.nextBoolean()) {
          harness.cluster.move(range, random.nextInt(3));
        } else {
          harness.cluster.moveSilently(range, random.nextInt(3));
        }
      }
      if (random.nextInt(80) == 0) {
        harness.cluster.cut(random.nextInt(3));
      }
      if (forgetful && random.nextInt(100) == 0) {
        harness
            .cluster
            .ledger(random.nextInt(harness.cluster.rangeCount()))
            .forgetSessions(harness.loop.nanoTime(), LONGEST_DELAY);
      }
    }

    private void verify(List<FakeLedger.Row> rows) {
      Map<Long, Integer> applied = new HashMap<>();
      Map<String, List<Long>> byKey = new HashMap<>();
      for (FakeLedger.Row row : rows) {
        if (row.delta() == UNASKED) {
          continue;
        }
        applied.merge(row.delta(), 1, Integer::sum);
        byKey.computeIfAbsent(row.key(), key -> new ArrayList<>()).add(row.delta());
      }
      results.forEach((id, result) -> verify(id, result, applied.getOrDefault(id, 0)));
      byKey.forEach((key, ids) -> assertThat(ids).as("seed %d, order of %s", seed, key).isSorted());
    }

    private void verify(long id, CompletableFuture<RecordResult> result, int times) {
      String what = "seed " + seed + ", increment " + id + " of " + keys.get(id);
      assertThat(result).as(what).isDone();
      CompletableFuture<RecordResult> repeat = repeats.getOrDefault(id, result);
      assertThat(repeat).as(what).isDone();
      if (!result.isCompletedExceptionally() || !repeat.isCompletedExceptionally()) {
        assertThat(times).as(what).isEqualTo(1);
        return;
      }
      TallyringException failure = RecorderHarness.failureOf(result);
      if (failure.isInDoubt()) {
        assertThat(forgetful).as(what + ": in doubt").isTrue();
        assertThat(times).as(what).isLessThanOrEqualTo(1);
      } else {
        assertThat(times).as(what).isZero();
        // A metric that does not exist takes its whole batch with it.
        if (failure.reason() != ErrorReason.ERROR_REASON_METRIC_NOT_FOUND) {
          assertThat(keys.get(id)).as(what + ": " + failure.getMessage()).startsWith("bad");
        }
      }
    }
  }
}
