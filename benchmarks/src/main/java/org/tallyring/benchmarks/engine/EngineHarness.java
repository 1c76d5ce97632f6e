package org.tallyring.benchmarks.engine;

import com.google.protobuf.InvalidProtocolBufferException;
import com.sun.management.OperatingSystemMXBean;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The whole engine in one thread: the bytes of batches in, exact counts in four windows and
 * rankings of them out, beside a map of arrays that is asked for the same.
 *
 * <p>Rankings are made every 250 ms of the time that the increments take to come, at a million a
 * second or another rate; both are fed as fast as they take them. The time of an increment is the
 * CPU time of the process, collection of garbage included, which others on the machine disturb less
 * than the clock. A stop is the longest single step of a kind, in CPU time of the writer's thread.
 * The heap is touched beforehand, or its first use would be counted as stops. Memory is the heap in
 * use after a collection, less that before, over the keys.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -Xms8g -Xmx8g -XX:+AlwaysPreTouch -XX:+UseParallelGC -XX:+UseTransparentHugePages \
 *     -cp benchmarks/target/benchmarks/benchmarks.jar \
 *     org.tallyring.benchmarks.engine.EngineHarness --keys 1000000
 * </pre>
 */
@Command(
    name = "engine",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "One engine against a HashMap<String, long[]>, at the same work.")
public final class EngineHarness implements Callable<Integer> {

  /** How old a ranking may be. */
  private static final long RANKING_MILLIS = 250;

  private static final int SNAPSHOTS = 3;
  private static final int BATCHES_PER_SNAPSHOT = 2_000;

  /** 2024-02-29T12:00:00Z. */
  private static final long START_MILLIS = 1_709_208_000_000L;

  @Option(
      names = "--keys",
      defaultValue = "1000000",
      description = "Distinct keys. Default: ${DEFAULT-VALUE}.")
  private int keys;

  @Option(
      names = "--seconds",
      defaultValue = "10",
      description = "CPU seconds that each engine is measured for. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--acceleration",
      defaultValue = "1",
      description =
          "How many times faster event time passes; at 60 a minute is sealed every second."
              + " Default: ${DEFAULT-VALUE}.")
  private int acceleration;

  @Option(
      names = "--rate",
      defaultValue = "1000000",
      description =
          "How many increments come in a second: decides how many there are between two rankings,"
              + " which are made every 250 ms. Default: ${DEFAULT-VALUE}.")
  private long rate;

  @Option(
      names = "--every-increment-a-row",
      description =
          "Batches as of a client that does not make increments of one key one row, as the library"
              + " does.")
  private boolean everyIncrementARow;

  @Option(names = "--alone", description = "Leaves the HashMap out.")
  private boolean alone;

  private int batchesPerRanking;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final OperatingSystemMXBean process =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final PrintStream out = System.out;

  /** Runs it. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new EngineHarness()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    int perRanking = (int) (rate * RANKING_MILLIS / 1_000 / KeyStream.increments());
    batchesPerRanking = Math.max(1, perRanking);
    double floor = MemoryFloor.independentMissNanos();
    out.printf(Locale.ROOT, "one of many loads that miss the caches: %.1f ns%n", floor);
    KeyStream stream = new KeyStream(keys, 4_000, !everyIncrementARow, 1);
    out.printf(
        Locale.ROOT,
        "%,d keys of 16 bytes, Zipf(1.0), batches of %,d increments in %.0f rows, ranked every %,d%n",
        keys,
        KeyStream.increments(),
        stream.rows(),
        batchesPerRanking * KeyStream.increments());
    double ours = measure(new TallyringContender(), stream);
    out.printf(
        Locale.ROOT, "tallyring: an increment takes as long as %.1f of them%n", ours / floor);
    if (!alone) {
      double naive = measure(new HashMapContender(), stream);
      out.printf(Locale.ROOT, "HashMap / tallyring: %.1f%n", naive / ours);
    }
    return 0;
  }

  /** Measures one, and gives the nanoseconds of an increment. */
  private double measure(Contender contender, KeyStream stream) throws Exception {
    long before = heapInUse();
    for (int i = 0; i < stream.batchesOfAllKeys(); i++) {
      contender.apply(stream.batchOfAllKeys(i), START_MILLIS);
    }
    out.printf(
        Locale.ROOT,
        "%s: %.0f bytes a key with every key in every window%n",
        contender.name(),
        (heapInUse() - before) / (double) keys);
    Run warmUp = new Run(contender, stream, START_MILLIS);
    warmUp.run(Math.max(3, seconds / 3));
    warmUp.runWithSnapshots();
    Run run = new Run(contender, stream, warmUp.timeMillis);
    run.run(seconds);
    run.print();
    Run stops = new Run(contender, stream, run.timeMillis);
    stops.runWithSnapshots();
    stops.print("snapshot", stops.snapshots);
    stops.print("batch while snapshots are written", stops.applies);
    return run.nanosOfAnIncrement();
  }

  private static long heapInUse() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** One stretch of work. */
  private final class Run {

    private final Contender contender;
    private final KeyStream stream;
    private final Histogram applies = new Histogram(3);
    private final Histogram rankings = new Histogram(3);
    private final Histogram snapshots = new Histogram(3);
    private final long startMillis;
    private long timeMillis;
    private long batches;
    private long threadNanos;
    private long processNanos;
    private long highest;

    Run(Contender contender, KeyStream stream, long startMillis) {
      this.contender = contender;
      this.stream = stream;
      this.startMillis = startMillis;
      this.timeMillis = startMillis;
    }

    void run(int forSeconds) throws InvalidProtocolBufferException {
      long end = TimeUnit.SECONDS.toNanos(forSeconds);
      long processStarted = process.getProcessCpuTime();
      while (threadNanos < end) {
        byte[] batch = stream.batch(batches);
        timeMillis = startMillis + threadNanos / 1_000_000 * acceleration;
        long started = threads.getCurrentThreadCpuTime();
        contender.apply(batch, timeMillis);
        long applied = threads.getCurrentThreadCpuTime();
        applies.recordValue(applied - started);
        batches++;
        threadNanos += applied - started;
        if (batches % batchesPerRanking == 0) {
          highest = contender.rank(timeMillis);
          long ranked = threads.getCurrentThreadCpuTime() - applied;
          rankings.recordValue(ranked);
          threadNanos += ranked;
        }
      }
      processNanos = process.getProcessCpuTime() - processStarted;
    }

    /** Takes snapshots while it goes on, and notes only how long each step takes. */
    void runWithSnapshots() throws InvalidProtocolBufferException, InterruptedException {
      ExecutorService beside = Executors.newSingleThreadExecutor();
      for (int i = 0; i < SNAPSHOTS; i++) {
        long started = threads.getCurrentThreadCpuTime();
        Future<?> finished = beside.submit(contender.snapshot());
        snapshots.recordValue(threads.getCurrentThreadCpuTime() - started);
        for (int j = 0; j < BATCHES_PER_SNAPSHOT || !finished.isDone(); j++) {
          started = threads.getCurrentThreadCpuTime();
          contender.apply(stream.batch(batches++), timeMillis);
          applies.recordValue(threads.getCurrentThreadCpuTime() - started);
        }
      }
      beside.shutdown();
      beside.awaitTermination(10, TimeUnit.MINUTES);
    }

    double nanosOfAnIncrement() {
      return (double) processNanos / batches / KeyStream.increments();
    }

    void print() {
      out.printf(
          Locale.ROOT,
          "%s: %.1f ns an increment (%.1f ns in the writer's thread), of which rankings %.1f ns;"
              + " %,d increments, %d rankings, highest count %,d%n",
          contender.name(),
          nanosOfAnIncrement(),
          (double) threadNanos / batches / KeyStream.increments(),
          rankings.getMean() * rankings.getTotalCount() / batches / KeyStream.increments(),
          batches * KeyStream.increments(),
          rankings.getTotalCount(),
          highest);
      print("batch", applies);
      print("ranking", rankings);
    }

    private void print(String step, Histogram times) {
      if (times.getTotalCount() > 0) {
        out.printf(
            Locale.ROOT,
            "%s: longest %s %.2f ms, p99.9 %.2f ms, median %.3f ms%n",
            contender.name(),
            step,
            times.getMaxValue() / 1e6,
            times.getValueAtPercentile(99.9) / 1e6,
            times.getValueAtPercentile(50) / 1e6);
      }
    }
  }
}
