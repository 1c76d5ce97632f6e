package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.journal.InMemoryJournals;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * A ring of one range whose loop, acknowledgements and clock stand still unless they are told to
 * move: {@link #loop} runs what was submitted, {@link #acks} lets the journal answer appends one by
 * one, {@link #settle} runs both until nothing is left.
 */
final class RangeHarness {

  static final int RANGE = 0;
  static final long UID = 7;

  /** Of no newer revision than what a range without definitions has, so entries are batches. */
  static final NamespaceDefinition NAMESPACE =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .setUid(UID)
          .setRevision(RangeEngine.UNDEFINED)
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .build();

  /** 2024-02-29T12:00:00Z. */
  static final long NOON = 1_709_208_000_000L;

  final InMemoryRangeStore store = new InMemoryRangeStore();
  final ManualExecutor acks = new ManualExecutor();
  final ManualExecutor loop = new ManualExecutor();

  /** Where ranges are rebuilt; the loop, for tests that do not care. */
  ManualExecutor replayer = loop;

  final InMemoryJournals journals = new InMemoryJournals(store, acks);

  /** The answers in the order in which they came. */
  final List<RecordStreamResponse> answers = new ArrayList<>();

  final MockClock meterTime = new MockClock();
  final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, meterTime);
  final ShardMeters meters = new ShardMeters(registry, "shard-1");
  final List<OwnedRange> lost = new ArrayList<>();
  RangeSettings settings = RangeSettings.DEFAULT;
  SnapshotTurns snapshotTurns = new SnapshotTurns(Runnable::run, () -> 0);
  InFlightBudget budget = new InFlightBudget(Long.MAX_VALUE);
  long now = NOON;

  OwnedRange newRange() {
    return new OwnedRange(
        RANGE,
        "shard-1",
        new RangeTable(1),
        settings,
        () -> Instant.ofEpochMilli(now),
        loop,
        replayer,
        snapshotTurns,
        budget,
        meters,
        lost::add);
  }

  /** The range, serving. */
  OwnedRange open() {
    OwnedRange range = newRange();
    range.open(journals);
    loop.runAll();
    return range;
  }

  /** Sends a batch in and lets the loop run; the journal does not answer. */
  void submit(OwnedRange range, int session, RecordBatch batch) {
    range.submit(
        new Submission(session(session), ReceivedBatch.of(batch), NAMESPACE, answers::add));
    loop.runAll();
  }

  /** The journal answers one append. */
  void acknowledgeOne() {
    acks.runOne();
    loop.runAll();
  }

  void settle() {
    loop.runAll();
    while (!acks.isIdle()) {
      acknowledgeOne();
    }
  }

  int entries() {
    return journals.entryCount(RANGE);
  }

  /** The answers as {@code sequence:OUTCOME} or {@code sequence:REASON}, taken out of the list. */
  List<String> takeAnswers() {
    List<String> words = answers.stream().map(RangeHarness::word).toList();
    answers.clear();
    return words;
  }

  private static String word(RecordStreamResponse answer) {
    String word = answer.getOutcome().name().substring("OUTCOME_".length());
    if (answer.getOutcome() == Outcome.OUTCOME_REFUSED) {
      word = Errors.reasonOf(answer.getError()).name().substring("ERROR_REASON_".length());
    }
    return answer.getSequence() + ":" + word;
  }

  /** The all-time count of a key; null if the range does not serve. */
  @Nullable Long count(OwnedRange range, String key) {
    return ask(range, engine -> count(engine, key));
  }

  <T> @Nullable T ask(OwnedRange range, Function<RangeEngine, T> question) {
    CompletableFuture<@Nullable T> answer = range.read(question);
    loop.runAll();
    return answer.join();
  }

  static long count(RangeEngine engine, String key) {
    return engine.count(
        UID,
        "clicks",
        Interval.window(WindowLevel.ALL, 0),
        ByteString.copyFromUtf8(key).toByteArray());
  }

  static ByteString session(int number) {
    return number == 0
        ? ByteString.EMPTY
        : ByteString.copyFrom(ByteBuffer.allocate(16).putInt(number).array());
  }

  /** A batch that adds 1 to each key. */
  static RecordBatch batch(long sequence, String... keys) {
    RecordBatch.Builder batch = empty(sequence);
    ByteString.Output bytes = ByteString.newOutput();
    for (String key : keys) {
      ByteString utf8 = ByteString.copyFromUtf8(key);
      bytes.write(utf8.toByteArray(), 0, utf8.size());
      batch.addKeyLengths(utf8.size());
    }
    return batch.setKeys(bytes.toByteString()).build();
  }

  /** A batch with a row for each delta, all of one key. */
  static RecordBatch deltas(long sequence, String key, long... deltas) {
    RecordBatch.Builder batch = empty(sequence);
    ByteString utf8 = ByteString.copyFromUtf8(key);
    ByteString keys = ByteString.EMPTY;
    for (long delta : deltas) {
      keys = keys.concat(utf8);
      batch.addKeyLengths(utf8.size()).addDeltas(delta);
    }
    return batch.setKeys(keys).build();
  }

  /** A batch of about so many bytes. */
  static RecordBatch large(long sequence, int bytes) {
    String[] keys = new String[bytes / 500];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = String.format("%0498d", i);
    }
    return batch(sequence, keys);
  }

  private static RecordBatch.Builder empty(long sequence) {
    return RecordBatch.newBuilder()
        .setNamespace(NAMESPACE.getName())
        .setRangeId(RANGE)
        .setSequence(sequence)
        .addMetrics("clicks");
  }
}
