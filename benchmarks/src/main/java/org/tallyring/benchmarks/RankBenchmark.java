package org.tallyring.benchmarks;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
import org.tallyring.shardserver.engine.RankedView;
import org.tallyring.shardserver.engine.RankedViewBuild;
import org.tallyring.shardserver.engine.Ranking;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * What ranks cost in one range: making a sorted view, its first step and its longest slice, and
 * what is answered from it.
 *
 * <p>Counts are those of Zipf(1.0): the key of rank {@code r} has {@code keys / r}, so that half of
 * all keys have the count 1 and are told apart by their bytes. Keys are 16 hexadecimal digits, or,
 * {@code prefixed}, eight equal bytes and eight digits, so that whole keys have to be compared.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -jar benchmarks/target/benchmarks/benchmarks.jar RankBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+UseParallelGC"})
public class RankBenchmark {

  private static final int SLICE_ROWS = 8_192;
  private static final int ROWS = 1_000;
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);

  /** How many distinct keys the range holds: those of 64 ranges are 64 times as many. */
  @Param({"16000", "156000"})
  public int keys;

  /** Whether the first eight bytes of all keys are the same. */
  @Param({"false", "true"})
  public boolean prefixed;

  private final Random random = new Random(1);
  private RangeEngine engine = new RangeEngine(0);
  private RankedView view = new RangeEngine(0).rankings().view(1, "clicks", ALL).view();
  private byte[][] asked = new byte[0][];
  private int next;

  /** Counts every key, in random order. */
  @Setup(Level.Trial)
  public void setUp() {
    List<Integer> order = new ArrayList<>();
    for (int rank = 1; rank <= keys; rank++) {
      order.add(rank);
    }
    Collections.shuffle(order, random);
    engine = new RangeEngine(0);
    for (int from = 0; from < keys; from += ROWS) {
      engine.apply(entry(order.subList(from, Math.min(keys, from + ROWS))));
    }
    RankedViewBuild build = engine.rankings().view(1, "clicks", ALL);
    build.advance(Integer.MAX_VALUE);
    view = build.view();
    asked = new byte[1_000][];
    for (int i = 0; i < asked.length; i++) {
      asked[i] = key(1 + random.nextInt(keys)).getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Copies the counts: the one step that cannot be divided. */
  @Benchmark
  public RankedViewBuild copy() {
    return engine.rankings().view(1, "clicks", ALL);
  }

  /** Makes a whole view. */
  @Benchmark
  public RankedView make() {
    RankedViewBuild build = engine.rankings().view(1, "clicks", ALL);
    while (!build.advance(SLICE_ROWS)) {
      // Between slices others would have their turn.
    }
    return build.view();
  }

  /** The place of a key whose count is still the one of the view. */
  @Benchmark
  public int place() {
    byte[] key = nextKey();
    return view.place(key, engine.count(1, "clicks", ALL, key));
  }

  /** The place of a key whose count has changed. */
  @Benchmark
  public int placeOfChanged() {
    byte[] key = nextKey();
    return view.place(key, engine.count(1, "clicks", ALL, key) + 1);
  }

  /** How many keys come before a key of another range. */
  @Benchmark
  public int before() {
    byte[] key = nextKey();
    return view.before(engine.count(1, "clicks", ALL, key), key);
  }

  /** A page of a hundred rows. */
  @Benchmark
  public Ranking page() {
    int from = random.nextInt(keys - 100);
    return view.rows(from, from + 100);
  }

  private byte[] nextKey() {
    next = next + 1 == asked.length ? 0 : next + 1;
    return asked[next];
  }

  private JournalEntry entry(List<Integer> ranks) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("default").addMetrics("clicks");
    StringBuilder bytes = new StringBuilder();
    for (int rank : ranks) {
      bytes.append(key(rank));
      batch.addKeyLengths(16).addDeltas(Math.max(1, keys / rank));
    }
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setNamespaceUid(1)
                        .setAcceptedAtMillis(1_709_208_000_000L)
                        .setBatch(
                            batch
                                .setKeys(ByteString.copyFromUtf8(bytes.toString()))
                                .build()
                                .toByteString())))
        .build();
  }

  private String key(int rank) {
    // An odd factor is a bijection: digits that look random, one key for each rank.
    return prefixed
        ? String.format("product-%08x", rank * 0x9E3779B9)
        : String.format("%016x", rank * 0x9E3779B97F4A7C15L);
  }
}
