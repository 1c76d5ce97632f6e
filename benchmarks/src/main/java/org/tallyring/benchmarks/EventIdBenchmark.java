package org.tallyring.benchmarks;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.BatchColumns;
import org.tallyring.shardserver.engine.IdentifiedRow;
import org.tallyring.shardserver.engine.RangeEngine;

/**
 * What an event id costs a row, in the engine: the same batches of 1,000 rows of 16 thousand keys,
 * without ids and with ids of 16 bytes.
 *
 * <p>Journal time advances by one horizon for every {@code liveIds} rows, so that the table holds
 * as many ids that are known, and every id that comes makes one go. Making the ids anew is part of
 * what is measured with them; {@code makingIds} says how much.
 *
 * <pre>
 * mvn -q -pl benchmarks -am -DskipTests package
 * java -jar benchmarks/target/benchmarks/benchmarks.jar EventIdBenchmark
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xms2g", "-Xmx2g", "-XX:+UseParallelGC", "-XX:+UseTransparentHugePages"})
public class EventIdBenchmark {

  private static final int ROWS = 1_000;
  private static final int KEYS = 16_000;
  private static final int ID_BYTES = 16;
  private static final long START = 1_709_208_000_000L;
  private static final long HORIZON_MILLIS = 3_600_000;

  /** How many ids are known at a time. */
  @Param({"150000", "2000000"})
  public int liveIds;

  private final Random random = new Random(1);
  private final RangeEngine engine = new RangeEngine(0);
  private final BatchColumns columns = new BatchColumns();
  private final byte[] ids = new byte[ROWS * ID_BYTES];
  private RecordBatch plain = RecordBatch.getDefaultInstance();
  private JournalEntry repeated = JournalEntry.getDefaultInstance();
  private double nowMillis = START;

  /** Fills the table. */
  @Setup(Level.Trial)
  public void setUp() {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("default").addMetrics("clicks");
    batch.setBaseTimeMillis(START);
    StringBuilder keys = new StringBuilder();
    for (int row = 0; row < ROWS; row++) {
      keys.append(String.format("%016x", random.nextInt(KEYS) * 0x9E3779B97F4A7C15L));
      batch.addKeyLengths(16);
    }
    plain = batch.setKeys(ByteString.copyFromUtf8(keys.toString())).build();
    for (int i = 0; i < 2 * liveIds / ROWS; i++) {
      engine.apply(entryWithNewIds());
    }
    repeated = entryWithNewIds();
    engine.apply(repeated);
  }

  /** Applies a batch without ids. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long withoutIds() {
    engine.apply(entry(plain));
    return engine.increments();
  }

  /** Applies a batch whose ids are all new. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long newIds() {
    engine.apply(entryWithNewIds());
    return engine.increments();
  }

  /** Applies a batch whose ids have all counted before. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public long repeatedIds() {
    engine.apply(repeated);
    return engine.increments();
  }

  /** Looks for contradictions, as before a batch is admitted; nothing is on its way. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public int admission() throws InvalidProtocolBufferException {
    int conflicts = 0;
    AcceptedBatch accepted = repeated.getBatches().getBatches(0);
    columns.read(accepted.getBatch());
    for (IdentifiedRow row : IdentifiedRow.of(columns)) {
      conflicts += engine.contradicts(1, row, accepted.getAcceptedAtMillis()) ? 1 : 0;
    }
    return conflicts;
  }

  /** Makes a batch with new ids, and no more. */
  @Benchmark
  @OperationsPerInvocation(ROWS)
  public JournalEntry makingIds() {
    return entryWithNewIds();
  }

  private JournalEntry entryWithNewIds() {
    random.nextBytes(ids);
    RecordBatch.Builder batch = plain.toBuilder().setEventIds(ByteString.copyFrom(ids));
    for (int row = 0; row < ROWS; row++) {
      batch.addEventIdLengths(ID_BYTES);
    }
    nowMillis += (double) HORIZON_MILLIS * ROWS / liveIds;
    return entry(batch.build());
  }

  private JournalEntry entry(RecordBatch batch) {
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setNamespaceUid(1)
                        .setAcceptedAtMillis((long) nowMillis)
                        .setBatch(batch.toByteString())))
        .build();
  }
}
