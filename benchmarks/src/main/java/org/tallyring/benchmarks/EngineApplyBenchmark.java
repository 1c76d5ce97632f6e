package org.tallyring.benchmarks;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.BatchColumns;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.BatchViolation;
import org.tallyring.shardserver.engine.PublishedRankings;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.topology.range.RangeTable;

/**
 * What one increment costs in the engine: checks, four windows, and the ranking of what changed.
 *
 * <p>The stream is Zipf(1.0) over all keys, which are 16 hexadecimal digits and were all counted
 * before, in random order, so that hot keys lie far apart. Batches have 1,000 rows of one metric.
 * One engine holds all keys: a cluster of 64 ranges and a million keys has them in engines of 16
 * thousand each, which fit the caches better.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -jar benchmarks/target/benchmarks/benchmarks.jar EngineApplyBenchmark -prof gc
 * </pre>
 *
 * <p>{@code apply} and {@code validate} are nanoseconds per row; {@code applyAndPublish} is per row
 * too, with the top 1,000 of the four windows scanned once for each batch: its difference to {@code
 * apply}, times 1,000, is what one publication costs.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+UseParallelGC", "-XX:+UseTransparentHugePages"})
public class EngineApplyBenchmark {

  private static final int ROWS = 1_000;
  private static final int BATCHES = 1_000;
  private static final int K = 1_000;
  private static final long NOW = 1_709_208_000_000L;
  private static final NamespaceDefinition NAMESPACE =
      NamespaceDefinition.newBuilder()
          .setName("default")
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .build();

  /** How many distinct keys the engine holds. */
  @Param({"16000", "100000", "1000000"})
  public int keys;

  private final BatchValidator validator = new BatchValidator(new RangeTable(1));
  private final BatchColumns columns = new BatchColumns();
  private final List<JournalEntry> entries = new ArrayList<>();
  private RangeEngine engine = new RangeEngine(0);
  private int next;

  /** Makes the stream and counts every key once. */
  @Setup(Level.Trial)
  public void setUp() {
    Random random = new Random(1);
    double[] cumulative = new double[keys];
    double sum = 0;
    for (int rank = 0; rank < keys; rank++) {
      sum += 1.0 / (rank + 1);
      cumulative[rank] = sum;
    }
    for (int i = 0; i < BATCHES; i++) {
      int[] ranks = new int[ROWS];
      for (int row = 0; row < ROWS; row++) {
        int found = Arrays.binarySearch(cumulative, random.nextDouble() * sum);
        ranks[row] = Math.min(keys - 1, found < 0 ? -found - 1 : found);
      }
      entries.add(entry(ranks));
    }
    engine = new RangeEngine(0);
    List<Integer> order = new ArrayList<>();
    for (int rank = 0; rank < keys; rank++) {
      order.add(rank);
    }
    Collections.shuffle(order, random);
    for (int from = 0; from < keys; from += ROWS) {
      List<Integer> some = order.subList(from, Math.min(keys, from + ROWS));
      engine.apply(entry(some.stream().mapToInt(Integer::intValue).toArray()));
    }
  }

  /** Applies one batch. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long apply() {
    engine.apply(nextEntry());
    return engine.increments();
  }

  /** Applies one batch and publishes. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public PublishedRankings applyAndPublish() {
    engine.apply(nextEntry());
    return engine.publish(NOW, K);
  }

  /** Checks one batch. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public @Nullable BatchViolation validate() {
    return validator.validate(
        nextEntry().getBatches().getBatches(0).getBatch(), columns, NAMESPACE, NOW);
  }

  private JournalEntry nextEntry() {
    next = next + 1 == BATCHES ? 0 : next + 1;
    return entries.get(next);
  }

  private static JournalEntry entry(int[] ranks) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace(NAMESPACE.getName()).addMetrics("clicks");
    StringBuilder keys = new StringBuilder();
    for (int rank : ranks) {
      // An odd factor is a bijection: digits that look random, one key for each rank.
      keys.append(String.format("%016x", rank * 0x9E3779B97F4A7C15L));
      batch.addKeyLengths(16);
    }
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setNamespaceUid(1)
                        .setAcceptedAtMillis(NOW)
                        .setBatch(
                            batch
                                .setKeys(ByteString.copyFromUtf8(keys.toString()))
                                .build()
                                .toByteString())))
        .build();
  }
}
