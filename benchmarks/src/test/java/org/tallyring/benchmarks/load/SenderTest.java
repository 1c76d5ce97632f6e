package org.tallyring.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.benchmarks.keys.RankStream;

/** The open loop, on a clock of its own. */
final class SenderTest {

  private static final long SECOND = 1_000_000_000L;
  private static final long START = 5 * SECOND;

  private final ManualClock clock = new ManualClock(START);
  private final RankStream ranks = new RankStream(10, 1.0, 1);
  private final Outcomes outcomes = new Outcomes();
  private final Answering producer = new Answering();

  /** Answers each increment a moment later, and stalls when told to. */
  private final class Answering implements Producer {

    private final List<Long> due = new ArrayList<>();
    private long answerNanos = 1_000;
    private long stallAt = Long.MAX_VALUE;
    private long stallNanos;
    private int burst = 256;
    private boolean finished;

    @Override
    public int burst() {
      return burst;
    }

    @Override
    public boolean send(int metric, int rank, long dueNanos, boolean sampled) {
      if (due.size() == stallAt) {
        clock.pass(stallNanos);
      }
      due.add(dueNanos);
      clock.pass(answerNanos);
      outcomes.acknowledgements().record(dueNanos, clock.nanoTime());
      return true;
    }

    @Override
    public void idle() {}

    @Override
    public void finish() {
      finished = true;
    }
  }

  private Sender sender(double rate) {
    LoadPlan plan =
        new LoadPlan(rate, Duration.ZERO, Duration.ofSeconds(10), 10, 1.0, 1, 1, false, 1);
    return new Sender(plan, ranks, 0, producer, new SentCounts(1, 10));
  }

  private Window window() {
    Window window = new Window(START, START, START + 10 * SECOND);
    outcomes.measure(window);
    return window;
  }

  @Test
  void sendsAtTheRate() {
    Sender sender = sender(1_000);

    sender.work(window(), clock);

    assertThat(producer.due).hasSize(10_000);
    for (int i = 0; i < 10_000; i++) {
      assertThat(producer.due.get(i)).isEqualTo(START + i * SECOND / 1_000);
    }
    assertThat(sender.unsent()).isZero();
    assertThat(producer.finished).isTrue();
    assertThat(outcomes.acknowledgements().millis(99)).isLessThan(1);
  }

  @Test
  void aStallIsChargedToEverythingThatWasDueMeanwhile() {
    producer.stallAt = 3_000;
    producer.stallNanos = 2 * SECOND;

    sender(1_000).work(window(), clock);

    assertThat(producer.due).hasSize(10_000);
    // A fifth of all increments was due in the stall: they waited for 1 s on average.
    assertThat(outcomes.acknowledgements().millis(79)).isLessThan(10);
    assertThat(outcomes.acknowledgements().millis(90)).isBetween(900.0, 1_100.0);
    assertThat(outcomes.acknowledgements().millis(99.9)).isBetween(1_900.0, 2_100.0);
  }

  @Test
  void underMoreLoadThanIsTakenTheWaitOfWhatIsTakenIsMeasured() {
    // 2 ms each, so half of the rate is taken, and what is due after 5 s is never sent.
    producer.answerNanos = SECOND / 500;
    Window late = new Window(START, START + 6 * SECOND, START + 10 * SECOND);
    outcomes.measure(late);

    sender(1_000).work(late, clock);

    assertThat(outcomes.acknowledgements().millis(50)).isBetween(3_000.0, 5_000.0);
  }

  @Test
  void whatIsNotSentBeforeTheEndIsTold() {
    producer.stallAt = 9_000;
    producer.stallNanos = 5 * SECOND;
    Sender sender = sender(1_000);

    sender.work(window(), clock);

    assertThat(producer.due.size() + sender.unsent()).isEqualTo(10_000);
    assertThat(sender.unsent()).isBetween(700L, 1_000L);
  }

  @Test
  void withoutARateItSendsWithoutRest() {
    Sender sender = sender(0);

    sender.work(new Window(START, START, START + SECOND / 10), clock);

    // 1 µs each for 0.1 s; the last burst may end after the end.
    assertThat(producer.due.size()).isBetween(100_000, 100_300);
    assertThat(sender.unsent()).isZero();
  }

  @Test
  void withoutARateTheLatencyOfACallThatIsWaitedForHasNoOtherInIt() {
    producer.burst = 1;
    producer.answerNanos = SECOND / 1_000;

    sender(0).work(window(), clock);

    assertThat(outcomes.acknowledgements().millis(99.9)).isBetween(0.99, 1.01);
  }

  @Test
  void aFillSendsEachKeyOnceAcrossAllSenders() {
    LoadPlan plan = new LoadPlan(0, Duration.ZERO, Duration.ofSeconds(1), 10, 1.0, 2, 3, true, 1);
    List<SentCounts> sent = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Sender sender = new Sender(plan, ranks, i, producer, new SentCounts(2, 10));
      sender.fill(clock);
      sent.add(sender.sent());
    }
    for (int metric = 0; metric < 2; metric++) {
      for (int rank = 0; rank < 10; rank++) {
        int key = rank;
        int which = metric;
        assertThat(sent.stream().mapToLong(one -> one.of(which, key)).sum()).isEqualTo(1);
      }
    }
  }
}
