package org.tallyring.benchmarks;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.Ranking;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * What a question about the last 24 hours, by the minute, costs in the engine of one range.
 *
 * <p>The range holds 26 hours in which each minute counted every fourth key, at random. The span
 * ends at 02:30, so that both its edges lie in the middle of an hour.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -jar benchmarks/target/benchmarks/benchmarks.jar EngineSpanBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+UseParallelGC", "-XX:+UseTransparentHugePages"})
public class EngineSpanBenchmark {

  private static final long MINUTE = 60_000;
  private static final long DAY = 1_440 * MINUTE;

  /** 2024-03-01T02:30:00Z. */
  private static final long END = 1_709_260_200_000L;

  private static final Interval SPAN = new Interval(WindowLevel.MINUTE, END - DAY, END);

  /** How many distinct keys the engine holds. */
  @Param({"16000", "150000"})
  public int keys;

  private final RangeEngine engine = new RangeEngine(0);
  private byte[] key = new byte[0];

  /** Counts 26 hours. */
  @Setup(Level.Trial)
  public void setUp() {
    Random random = new Random(1);
    key = String.format("%016x", 0).getBytes(StandardCharsets.UTF_8);
    for (long minute = END - DAY - 120 * MINUTE; minute < END; minute += MINUTE) {
      for (int rows = keys / 4; rows > 0; rows -= 1_000) {
        engine.apply(entry(random, minute));
      }
    }
  }

  /** The best 1,000. */
  @Benchmark
  public Ranking ranking() {
    return engine.ranking(1, "clicks", SPAN, 1_000);
  }

  /** The count of one key. */
  @Benchmark
  public long count() {
    return engine.count(1, "clicks", SPAN, key);
  }

  /** The 1,440 counts of one key. */
  @Benchmark
  public long[] series() {
    return engine.series(1, "clicks", SPAN, key);
  }

  private JournalEntry entry(Random random, long timeMillis) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder()
            .setNamespace("default")
            .addMetrics("clicks")
            .setBaseTimeMillis(timeMillis);
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < 1_000; row++) {
      text.append(String.format("%016x", random.nextInt(keys)));
      batch.addKeyLengths(16);
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
                                .setKeys(ByteString.copyFromUtf8(text.toString()))
                                .build()
                                .toByteString())))
        .build();
  }
}
