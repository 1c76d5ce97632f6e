package org.tallyring.benchmarks.load;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.keys.RankStream;

/** One load into one target, measured. Runs once. */
public final class LoadRun {

  private static final long SEED = 20_260_101;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final double NANOS = 1e9;

  private final LoadPlan plan;
  private final Target target;
  private final Outcomes outcomes;
  private final Clock clock;
  private final LoadWatcher watcher;
  private final List<Worker> beside = new ArrayList<>();
  private final List<Sender> senders = new ArrayList<>();
  private final OperatingSystemMXBean process =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private @Nullable CountReader reader;

  /** What stood where at a moment. */
  private record Mark(long nanos, long acknowledged, long driverCpuNanos, ServerFigures servers) {}

  /**
   * A run that has not begun.
   *
   * @param outcomes those that the target tells
   */
  public LoadRun(
      LoadPlan plan, Target target, Outcomes outcomes, Clock clock, LoadWatcher watcher) {
    this.plan = plan;
    this.target = target;
    this.outcomes = outcomes;
    this.clock = clock;
    this.watcher = watcher;
  }

  /** Compares every key's count with what was sent, at the end. */
  public LoadRun verifyingWith(CountReader counts) {
    reader = counts;
    return this;
  }

  /** Does this beside the sending. */
  LoadRun beside(Worker worker) {
    beside.add(worker);
    return this;
  }

  /**
   * Fills, warms up, measures, waits for what is under way, verifies.
   *
   * @throws InterruptedException if interrupted; what is under way is given up then
   */
  public LoadReport run() throws InterruptedException {
    CountTable before = reader == null ? null : read(reader, "counts before");
    RankStream ranks = new RankStream(plan.keys(), plan.skew(), SEED);
    for (int i = 0; i < plan.threads(); i++) {
      senders.add(
          new Sender(
              plan,
              ranks,
              i,
              target.producer(i, plan.threads()),
              new SentCounts(plan.metrics(), plan.keys())));
    }
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      if (plan.fill()) {
        fill(threads);
      }
      // Once beforehand, because the first time takes long enough to be seen in the measured time.
      mark();
      long start = clock.nanoTime();
      long from = start + plan.warmUp().toNanos();
      Window window = new Window(start, from, from + plan.length().toNanos());
      outcomes.measure(window);
      List<Future<?>> working = new ArrayList<>();
      senders.forEach(sender -> working.add(start(threads, sender, window)));
      beside.forEach(worker -> working.add(start(threads, worker, window)));
      pass("warm-up", start, from, working);
      Mark begin = mark();
      pass("load", from, window.untilNanos(), working);
      Mark end = mark();
      watcher.phase("last answers", Duration.ZERO);
      for (Future<?> worker : working) {
        get(worker);
      }
      CountTable after = reader == null ? null : read(reader, "counts after");
      return report(
          begin,
          end,
          before == null || after == null
              ? null
              : Verification.of(
                  before, after, senders.stream().map(Sender::sent).toList(), outcomes));
    } finally {
      threads.shutdownNow();
    }
  }

  private CountTable read(CountReader from, String phase) {
    watcher.phase(phase, Duration.ZERO);
    return CountTable.read(from, plan.metrics(), plan.keys());
  }

  private void fill(ExecutorService threads) throws InterruptedException {
    watcher.phase("fill", Duration.ZERO);
    List<Future<?>> filling = new ArrayList<>();
    for (Sender sender : senders) {
      filling.add(threads.submit(() -> sender.fill(clock)));
    }
    for (Future<?> filler : filling) {
      get(filler);
    }
  }

  private Future<?> start(ExecutorService threads, Worker worker, Window window) {
    return threads.submit(
        () -> {
          worker.work(window, clock);
          return null;
        });
  }

  /** Lets a phase pass; a worker that fails ends it at once. */
  private void pass(String phase, long from, long until, List<Future<?>> working)
      throws InterruptedException {
    watcher.phase(phase, Duration.ofNanos(until - from));
    long now = clock.nanoTime();
    while (now - until < 0) {
      clock.parkUntil(Math.min(until, now + LOOK_NANOS));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      for (Future<?> worker : working) {
        if (worker.isDone()) {
          get(worker);
        }
      }
      now = clock.nanoTime();
      watcher.at(Duration.ofNanos(now - from), target.acknowledged());
    }
  }

  private static void get(Future<?> worker) throws InterruptedException {
    try {
      worker.get();
    } catch (ExecutionException failure) {
      throw new IllegalStateException("load: " + failure.getCause(), failure.getCause());
    }
  }

  private Mark mark() {
    ServerFigures servers = target.figures();
    return new Mark(clock.nanoTime(), target.acknowledged(), process.getProcessCpuTime(), servers);
  }

  private LoadReport report(Mark begin, Mark end, @Nullable Verification verification) {
    long acknowledged = end.acknowledged() - begin.acknowledged();
    return new LoadReport(
        (end.nanos() - begin.nanos()) / NANOS,
        acknowledged,
        senders.stream().mapToLong(Sender::unsent).sum(),
        outcomes.acknowledgements().millis(50),
        outcomes.acknowledgements().millis(99),
        outcomes.acknowledgements().millis(99.9),
        each(begin.servers().cpuNanos(), end.servers().cpuNanos(), acknowledged),
        each((double) begin.driverCpuNanos(), (double) end.driverCpuNanos(), acknowledged),
        each(begin.servers().receivedBytes(), end.servers().receivedBytes(), acknowledged),
        each(begin.servers().journalBytes(), end.servers().journalBytes(), acknowledged),
        outcomes.reads().count(),
        outcomes.reads().millis(50),
        outcomes.reads().millis(99),
        outcomes.visibilities().millis(50),
        outcomes.visibilities().millis(99),
        outcomes.errors(),
        verification);
  }

  private static @Nullable Double each(
      @Nullable Double before, @Nullable Double after, long increments) {
    return before == null || after == null || increments == 0
        ? null
        : (after - before) / increments;
  }
}
