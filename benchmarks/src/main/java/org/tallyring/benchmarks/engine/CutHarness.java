package org.tallyring.benchmarks.engine;

import com.google.protobuf.ByteString;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.SnapshotCut;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * How long a range's writer stands still for a snapshot of a metric of one strategy: the cut, and
 * the batches after it, which copy what the cut holds. Beside it, the look at what is held, which a
 * server takes every ten seconds.
 *
 * <p>Keys come by Zipf(1.0), or evenly for heavy hitters, whose map is then full; each increment is
 * by another user at random; event times rise evenly. A stop is CPU time of the writer's thread,
 * collection of garbage left out. Cuts are written down on a second thread, as in a server.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -Xms8g -Xmx8g -XX:+UseParallelGC -cp benchmarks/target/benchmarks/benchmarks.jar \
 *     org.tallyring.benchmarks.engine.CutHarness --strategy sliding_window
 * </pre>
 */
@Command(
    name = "cut",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "The stops of a range's writer around the cut of a snapshot, by strategy.")
public final class CutHarness implements Callable<Integer> {

  private static final int ROWS = 1_000;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int CUTS = 5;
  private static final int WARM_UP_SHARE = 10;
  private static final int BATCHES_PER_CUT = 300;

  /** 2024-02-29T12:00:00Z. */
  private static final long START_MILLIS = 1_709_208_000_000L;

  @Option(
      names = "--strategy",
      required = true,
      description = "fixed_window, sliding_window, morris, heavy_hitters or distinct.")
  private String strategy = "";

  @Option(
      names = "--keys",
      defaultValue = "100000",
      description = "Distinct keys. Default: ${DEFAULT-VALUE}.")
  private int keys;

  @Option(
      names = "--increments",
      defaultValue = "10000000",
      description = "Increments before the first cut. Default: ${DEFAULT-VALUE}.")
  private int increments;

  @Option(
      names = "--minutes",
      defaultValue = "65",
      description = "Minutes of event time that they take. Default: ${DEFAULT-VALUE}.")
  private int minutes;

  @Option(
      names = "--map-size",
      defaultValue = "65536",
      description = "Of heavy hitters. Default: ${DEFAULT-VALUE}.")
  private int mapSize;

  @Option(
      names = "--sessions",
      defaultValue = "0",
      description = "Sessions of one batch each, as request ids are. Default: ${DEFAULT-VALUE}.")
  private int sessions;

  @Option(
      names = "--rule-limit",
      defaultValue = "0",
      description =
          "The limit of a threshold rule about spans of 10 minutes; 0 for no rule."
              + " Default: ${DEFAULT-VALUE}.")
  private int ruleLimit;

  private final Random random = new Random(1);
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final PrintStream out = System.out;
  private final Histogram fills = new Histogram(3);
  private final Histogram cuts = new Histogram(3);
  private final Histogram applies = new Histogram(3);
  private final Histogram accounts = new Histogram(3);
  private final RangeEngine engine = new RangeEngine(0);
  private long applied;

  /** Runs it. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new CutHarness()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    ZipfKeys zipf = new ZipfKeys(keys, 1.0);
    engine.apply(definition());
    while (applied < increments) {
      apply(batch(zipf), fills);
      if (applied == increments / WARM_UP_SHARE / ROWS * ROWS) {
        warmUp();
      }
    }
    for (int i = 0; i < sessions; i++) {
      engine.apply(entryOfSession(i));
    }
    long bytes = 0;
    long writtenMillis = 0;
    ExecutorService beside = Executors.newSingleThreadExecutor();
    for (int i = 0; i < CUTS; i++) {
      long started = threads.getCurrentThreadCpuTime();
      SnapshotCut cut = engine.cut(CHUNK_BYTES);
      cuts.recordValue(threads.getCurrentThreadCpuTime() - started);
      long begun = System.nanoTime();
      Future<Long> finished =
          beside.submit(() -> cut.write().stream().mapToLong(chunk -> chunk.length).sum());
      for (int j = 0; j < BATCHES_PER_CUT; j++) {
        apply(batch(zipf), applies);
      }
      started = threads.getCurrentThreadCpuTime();
      engine.accounts();
      accounts.recordValue(threads.getCurrentThreadCpuTime() - started);
      bytes = finished.get();
      writtenMillis = (System.nanoTime() - begun) / 1_000_000;
    }
    beside.shutdown();
    out.printf(
        "%s: %,d keys, %,d increments in %d minutes; a snapshot has %,d bytes, last written in"
            + " %,d ms%n",
        strategy, keys, applied, minutes, bytes, writtenMillis);
    print("batch without snapshots", fills);
    print("cut", cuts);
    print("batch while snapshots are written", applies);
    print("look at what is held", accounts);
    return 0;
  }

  /** So that no class is loaded for the first time in what is measured. */
  private void warmUp() {
    engine.cut(CHUNK_BYTES).write();
    engine.accounts();
    fills.reset();
  }

  private JournalEntry definition() {
    MetricDefinition.Builder metric = MetricDefinition.newBuilder().setName("hits");
    switch (strategy) {
      case "fixed_window" -> {}
      case "sliding_window" ->
          metric.setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(3_600_000));
      case "morris" -> metric.setMorris(Morris.getDefaultInstance());
      case "heavy_hitters" ->
          metric.setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(mapSize));
      case "distinct" -> metric.setDistinct(Distinct.getDefaultInstance());
      default -> throw new IllegalArgumentException("strategy: " + strategy);
    }
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder()
            .setUid(1)
            .setName("default")
            .setRevision(1)
            .addMetrics(metric);
    if (ruleLimit > 0) {
      definition.addRules(
          ThresholdRule.newBuilder()
              .setName("often")
              .setMetric("hits")
              .setSpanMillis(600_000)
              .setLimit(ruleLimit));
    }
    return JournalEntry.newBuilder()
        .setNamespaceDefined(NamespaceDefined.newBuilder().setDefinition(definition))
        .build();
  }

  private JournalEntry entryOfSession(int number) {
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setNamespaceUid(1)
                        .setAcceptedAtMillis(START_MILLIS + minutes * 60_000L)
                        .setSessionId(
                            ByteString.copyFrom(
                                ByteBuffer.allocate(16)
                                    .putLong(random.nextLong())
                                    .putInt(number)
                                    .array()))
                        .setBatch(
                            RecordBatch.newBuilder()
                                .setNamespace("default")
                                .setSequence(1)
                                .build()
                                .toByteString())))
        .build();
  }

  private void apply(JournalEntry entry, Histogram times) {
    long started = threads.getCurrentThreadCpuTime();
    engine.apply(entry);
    times.recordValue(threads.getCurrentThreadCpuTime() - started);
    applied += ROWS;
  }

  private JournalEntry batch(ZipfKeys zipf) {
    long timeMillis = START_MILLIS + applied * minutes * 60_000 / increments;
    long rowsPerMilli = Math.max(1, increments / (minutes * 60_000L));
    RecordBatch.Builder batch =
        RecordBatch.newBuilder()
            .setNamespace("default")
            .addMetrics("hits")
            .setBaseTimeMillis(timeMillis);
    StringBuilder bytes = new StringBuilder();
    ByteString.Output users = ByteString.newOutput();
    for (int row = 0; row < ROWS; row++) {
      int rank = strategy.equals("heavy_hitters") ? random.nextInt(keys) : zipf.choose(random);
      String key = ZipfKeys.key(rank);
      bytes.append(key);
      batch.addKeyLengths(key.length()).addTimeOffsetsMillis(row / rowsPerMilli);
      if (strategy.equals("distinct")) {
        byte[] user = Integer.toHexString(random.nextInt()).getBytes(StandardCharsets.US_ASCII);
        users.write(user, 0, user.length);
        batch.addUserLengths(user.length);
      }
    }
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setNamespaceUid(1)
                        .setAcceptedAtMillis(timeMillis)
                        .setBatch(
                            batch
                                .setKeys(ByteString.copyFromUtf8(bytes.toString()))
                                .setUsers(users.toByteString())
                                .build()
                                .toByteString())))
        .build();
  }

  private void print(String step, Histogram times) {
    out.printf(
        Locale.ROOT,
        "%s: longest %s %.2f ms, p99 %.2f ms, median %.3f ms%n",
        strategy,
        step,
        times.getMaxValue() / 1e6,
        times.getValueAtPercentile(99) / 1e6,
        times.getValueAtPercentile(50) / 1e6);
  }
}
