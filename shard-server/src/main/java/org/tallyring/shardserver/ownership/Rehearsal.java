package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.topology.range.RangeTable;

/**
 * What a shard does before it joins others at work: it takes a range of its own through increments,
 * a snapshot and a hand-off, again and again, on ledgers that nobody else knows of.
 *
 * <p>Whatever a virtual machine does for the first time takes it a hundred times as long, since
 * classes are loaded and nothing is compiled yet. Without this the first hand-offs to a shard that
 * has just started kept their producers waiting for a second each.
 *
 * <p>Nothing depends on it. When it fails, or takes too long, the shard joins all the same.
 */
public final class Rehearsal {

  private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

  private static final String SHARD = "rehearsal";
  private static final int RANGE = 0;
  private static final int ROUNDS = 40;
  private static final int BATCHES = 20;
  private static final int ROWS = 200;

  /** Each round has twice as many. */
  private static final RangeSettings SETTINGS = new RangeSettings(32 << 10, 1024, 64 << 20);

  private static final NamespaceDefinition NAMESPACE =
      NamespaceDefinition.newBuilder()
          .setName(SHARD)
          .setUid(1)
          .addMetrics(MetricDefinition.newBuilder().setName(SHARD))
          .build();

  private final RangeJournals journals;
  private final RangeLoops loops;
  private final ShardMeters meters = new ShardMeters(new SimpleMeterRegistry(), SHARD);
  private final InFlightBudget budget = new InFlightBudget(SETTINGS.inFlightBytes());
  private final ByteString session = ByteString.copyFromUtf8(UUID.randomUUID().toString());
  private final long deadlineNanos;
  private long sequence;

  private Rehearsal(RangeJournals journals, RangeLoops loops, Duration atMost) {
    this.journals = journals;
    this.loops = loops;
    this.deadlineNanos = System.nanoTime() + atMost.toNanos();
  }

  /**
   * Rehearses. Returns when there is nothing more to gain, when the time is up, or when something
   * has failed.
   *
   * @param journals of ranges that nobody else knows of; still to be closed
   */
  public static void run(RangeJournals journals, Duration atMost) {
    long begunNanos = System.nanoTime();
    try (RangeLoops loops = new RangeLoops(SHARD, 1)) {
      int rounds = new Rehearsal(journals, loops, atMost).rounds();
      log.debug(
          "Rehearsed {} hand-offs in {} ms",
          rounds,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begunNanos));
    }
  }

  private int rounds() {
    int rounds = 0;
    OwnedRange owner = tenure();
    try {
      await(owner.open(journals));
      while (rounds < ROUNDS && System.nanoTime() < deadlineNanos) {
        owner = round(owner);
        rounds++;
      }
      await(owner.release());
    } catch (TimeoutException e) {
      log.debug("The time for rehearsing is up");
    } catch (ExecutionException e) {
      log.info("Rehearsing came to an end: {}", String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return rounds;
  }

  /** One tenure and the hand-off to the next. */
  private OwnedRange round(OwnedRange owner)
      throws ExecutionException, TimeoutException, InterruptedException {
    List<CompletableFuture<RecordStreamResponse>> answers = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
      owner.submit(new Submission(session, batch(), NAMESPACE, answer::complete));
      answers.add(answer);
    }
    for (CompletableFuture<RecordStreamResponse> answer : answers) {
      await(answer);
    }
    await(owner.published(RankingFloors.OF_NOTHING));
    OwnedRange heir = tenure();
    heir.follow(journals);
    Executor loop = loops.loopOf(RANGE);
    await(CompletableFuture.supplyAsync(heir::prepare, loop).thenCompose(Function.identity()));
    await(CompletableFuture.supplyAsync(heir::advance, loop).thenCompose(Function.identity()));
    Optional<HandedOff> left = await(owner.release());
    await(
        CompletableFuture.supplyAsync(() -> heir.take(left), loop)
            .thenCompose(Function.identity()));
    return heir;
  }

  private OwnedRange tenure() {
    return new OwnedRange(
        RANGE,
        SHARD,
        new RangeTable(1),
        SETTINGS,
        InstantSource.system(),
        loops.loopOf(RANGE),
        loops.replayer(),
        loops.snapshotWriter(),
        budget,
        meters,
        lost -> {});
  }

  private RecordBatch batch() {
    sequence++;
    RecordBatch.Builder batch =
        RecordBatch.newBuilder()
            .setNamespace(SHARD)
            .setRangeId(RANGE)
            .setSequence(sequence)
            .addMetrics(SHARD);
    StringBuilder keys = new StringBuilder();
    for (int row = 0; row < ROWS; row++) {
      String key = Long.toHexString(sequence * ROWS + row);
      keys.append(key);
      batch.addKeyLengths(key.length()).addDeltas(row + 1);
    }
    return batch.setKeys(ByteString.copyFromUtf8(keys.toString())).build();
  }

  private <T> T await(CompletableFuture<T> future)
      throws ExecutionException, TimeoutException, InterruptedException {
    return future.get(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
  }
}
