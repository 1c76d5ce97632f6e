package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.topology.range.RangeTable;

/**
 * What a shard does before it joins others at work: it takes a range of its own through increments,
 * a snapshot and a hand-off, again and again, on ledgers that nobody else knows of. Shards that
 * start together do so a while later, beside their work.
 *
 * <p>Whatever a virtual machine does for the first time takes it a hundred times as long, since
 * classes are loaded and nothing is compiled yet. Without this the first hand-offs to or from a
 * process kept their producers waiting for half a second to two seconds each.
 *
 * <p>Nothing depends on it. When it fails, or takes too long, the shard goes on all the same.
 */
public final class Rehearsal {

  /** How long it may take: whoever starts a shard waits for it. */
  public static final Duration AT_MOST = Duration.ofSeconds(4);

  /** After how long a shard rehearses that starts with the others: when the start is over. */
  public static final Duration DELAY = Duration.ofSeconds(45);

  private static final Logger log = LoggerFactory.getLogger(Rehearsal.class);

  private static final String SHARD = "rehearsal";
  private static final int RANGE = 0;
  private static final int ROUNDS = 40;

  /** In so many rounds one is without a hand-off: the next owner begins with nothing. */
  private static final int ROUNDS_PER_RECOVERY = 4;

  private static final int BATCHES = 20;
  private static final int ROWS = 200;

  private static final Executor SOON = CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS);

  /** Each round has more bytes than a snapshot is taken after. */
  private static final RangeSettings SETTINGS = new RangeSettings(8 << 10, 1024, 64 << 20);

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
  private final ByteString session = session();
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

  /**
   * Rehearses a while later, unless it is closed before.
   *
   * @param journals as for {@link #run}; closed afterwards
   */
  public static AutoCloseable later(RangeJournals journals, Duration delay, Duration atMost) {
    CountDownLatch closed = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try (journals) {
                if (!closed.await(delay.toMillis(), TimeUnit.MILLISECONDS)) {
                  run(journals, atMost);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            SHARD);
    thread.setDaemon(true);
    thread.start();
    return () -> {
      closed.countDown();
      thread.interrupt();
      thread.join();
    };
  }

  private static ByteString session() {
    UUID random = UUID.randomUUID();
    ByteBuffer bytes = ByteBuffer.allocate(2 * Long.BYTES);
    bytes.putLong(random.getMostSignificantBits()).putLong(random.getLeastSignificantBits());
    return ByteString.copyFrom(bytes.array());
  }

  private int rounds() {
    int rounds = 0;
    OwnedRange owner = tenure();
    try {
      await(owner.open(journals));
      while (rounds < ROUNDS && System.nanoTime() < deadlineNanos) {
        record(owner);
        rounds++;
        owner = rounds % ROUNDS_PER_RECOVERY == 0 ? recovered(owner) : handedOff(owner);
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

  private void record(OwnedRange owner)
      throws ExecutionException, TimeoutException, InterruptedException {
    List<CompletableFuture<RecordStreamResponse>> answers = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
      owner.submit(new Submission(session, ReceivedBatch.of(batch()), NAMESPACE, answer::complete));
      answers.add(answer);
    }
    for (CompletableFuture<RecordStreamResponse> answer : answers) {
      RecordStreamResponse.Outcome outcome = await(answer).getOutcome();
      if (outcome != RecordStreamResponse.Outcome.OUTCOME_APPLIED) {
        throw new ExecutionException(new IllegalStateException("batch: " + outcome));
      }
    }
    await(owner.published(RankingFloors.OF_NOTHING));
    // The next owner is to begin with a snapshot, and this one's is written beside the loop.
    while (isSnapshotDue(owner)) {
      await(CompletableFuture.runAsync(() -> {}, SOON));
    }
  }

  private boolean isSnapshotDue(OwnedRange owner)
      throws ExecutionException, TimeoutException, InterruptedException {
    RangeStatus status = await(owner.status());
    return status != null && status.getJournalBytes() >= SETTINGS.snapshotBytes();
  }

  private OwnedRange recovered(OwnedRange owner)
      throws ExecutionException, TimeoutException, InterruptedException {
    await(owner.release());
    OwnedRange next = tenure();
    await(next.open(journals));
    return next;
  }

  private OwnedRange handedOff(OwnedRange owner)
      throws ExecutionException, TimeoutException, InterruptedException {
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
        // Nobody else is here whose turn it could be, and nobody to rest for.
        new SnapshotTurns(loops.snapshotWriter(), () -> 0),
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
