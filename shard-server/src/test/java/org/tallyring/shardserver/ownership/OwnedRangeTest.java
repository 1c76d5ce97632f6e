package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.ownership.RangeHarness.RANGE;
import static org.tallyring.shardserver.ownership.RangeHarness.batch;
import static org.tallyring.shardserver.ownership.RangeHarness.deltas;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SnapshotReference;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.PublishedRankings;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.journal.JournalFollower;
import org.tallyring.shardserver.journal.JournalHealth;
import org.tallyring.shardserver.journal.JournalReplay;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.StoredJournal;

/** A tenure: taking a range, its snapshots, giving it up. */
final class OwnedRangeTest {

  private static final int A = 1;

  private final RangeHarness harness = new RangeHarness();

  private void record(OwnedRange range, long sequence, String... keys) {
    harness.submit(range, A, batch(sequence, keys));
    harness.settle();
  }

  private SnapshotReference snapshot() {
    return harness.store.record(RANGE).getSnapshot();
  }

  /** Journals of the harness that show what was opened. */
  private final class ShownJournals implements RangeJournals {
    private final List<RangeJournal> opened = new ArrayList<>();

    @Override
    public CompletableFuture<RangeJournal> open(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      return harness
          .journals
          .open(rangeId, owner, replay, executor)
          .whenComplete((journal, failure) -> opened.add(journal));
    }

    @Override
    public CompletableFuture<StoredJournal> stored(int rangeId) {
      return harness.journals.stored(rangeId);
    }

    @Override
    public JournalFollower follow(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      throw new UnsupportedOperationException("follow");
    }

    @Override
    public void close() {}
  }

  @Test
  void aRangeAnswersNothingBeforeItServes() {
    OwnedRange range = harness.newRange();
    harness.submit(range, A, batch(1, "x"));

    assertThat(harness.takeAnswers()).containsExactly("1:RANGE_IN_HANDOFF");
    assertThat(harness.count(range, "x")).isNull();
    assertThat(range.epoch()).isZero();
    assertThat(range.state()).isEqualTo(RangeState.RECOVERING);
  }

  @Test
  void aRangeIsRebuiltAndFirstRankedBesideTheLoop() {
    record(harness.open(), 1, "x", "y", "x");
    ManualExecutor replayer = new ManualExecutor();
    harness.replayer = replayer;
    OwnedRange next = harness.newRange();
    next.open(harness.journals);

    // Whatever the loop does, it is neither rebuilt there nor, when it is, ranked there.
    harness.loop.runAll();
    assertThat(replayer.waiting()).isOne();
    replayer.runOne();
    harness.loop.runAll();
    assertThat(next.state()).isEqualTo(RangeState.RECOVERING);
    assertThat(replayer.waiting()).isOne();
    replayer.runOne();
    harness.loop.runAll();

    assertThat(next.state()).isEqualTo(RangeState.SERVING);
    assertThat(harness.count(next, "x")).isEqualTo(2);
  }

  @Test
  void aServingRangeReportsItsStatus() {
    harness.open();
    OwnedRange range = harness.open();
    record(range, 1, "x", "y", "x");
    CompletableFuture<RangeStatus> status = range.status();
    harness.loop.runAll();

    RangeStatus report = status.join();
    assertThat(report.getJournalBytes()).isPositive();
    assertThat(report)
        .isEqualTo(
            RangeStatus.newBuilder()
                .setRangeId(RANGE)
                .setOwner("shard-1")
                .setEpoch(2)
                .setState("SERVING")
                .setKeys(2)
                .setIncrements(3)
                .setJournalBytes(report.getJournalBytes())
                .setCopies(1)
                .build());
  }

  @Test
  void aSnapshotIsTakenWhenTheJournalHasSoManyBytes() {
    harness.settings = new RangeSettings(1000, Long.MAX_VALUE, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    record(range, 1, "x".repeat(400));
    assertThat(harness.store.record(RANGE).hasSnapshot()).isFalse();
    record(range, 2, "y".repeat(400));
    assertThat(harness.store.record(RANGE).hasSnapshot()).isFalse();
    record(range, 3, "z".repeat(400));

    assertThat(snapshot().getEntry()).isEqualTo(3);
  }

  @Test
  void aSnapshotThatIsDueIsTakenWhenItIsTheRangesTurn() {
    harness.settings = new RangeSettings(1, Long.MAX_VALUE, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    assertThat(harness.snapshotTurns.take()).as("another range's").isTrue();
    record(range, 1, "a");
    assertThat(harness.store.record(RANGE).hasSnapshot()).isFalse();

    harness.snapshotTurns.write(() -> new RangeEngine(RANGE).cut(1 << 20));
    record(range, 2, "a");
    assertThat(snapshot().getEntry()).isEqualTo(2);
  }

  @Test
  void aSnapshotIsTakenAfterSoManyEntriesThatHaveTheBytesOfTheLastOne() {
    harness.settings = new RangeSettings(Long.MAX_VALUE, 4, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    long sequence = 0;
    for (int i = 0; i < 3; i++) {
      record(range, ++sequence, "k".repeat(500) + i);
    }
    assertThat(harness.store.record(RANGE).hasSnapshot()).isFalse();
    record(range, ++sequence, "k".repeat(500) + 3);
    assertThat(snapshot().getEntry()).isEqualTo(4);

    // Four more entries are fewer bytes than the state that they would be a reason to write.
    long firstBytes = snapshot().getByteSize();
    harness.now += 15_000;
    for (int i = 0; i < 4; i++) {
      record(range, ++sequence, "small");
    }
    assertThat(snapshot().getEntry()).isEqualTo(4);
    while (snapshot().getEntry() == 4) {
      record(range, ++sequence, "small");
    }
    assertThat(sequence - 4).isGreaterThan(firstBytes / 200);
    assertThat(snapshot().getEntry()).isEqualTo(sequence);
  }

  @Test
  void theNumberOfEntriesIsNoReasonSoonAfterASnapshot() {
    harness.settings = new RangeSettings(Long.MAX_VALUE, 4, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    long sequence = 0;
    while (sequence < 4) {
      record(range, ++sequence, "k");
    }
    long firstBytes = snapshot().getByteSize();
    harness.now += 14_999;
    while (sequence < 4 + firstBytes) {
      record(range, ++sequence, "k");
    }
    assertThat(snapshot().getEntry()).isEqualTo(4);

    harness.now += 1;
    record(range, ++sequence, "k");

    assertThat(snapshot().getEntry()).isEqualTo(sequence);
  }

  @Test
  void entriesReplayedAtAnOpenCountTowardsTheNextSnapshot() {
    harness.settings = new RangeSettings(Long.MAX_VALUE, 4, Long.MAX_VALUE);
    OwnedRange range = harness.open();
    record(range, 1, "a");
    record(range, 2, "b");
    record(range, 3, "c");
    range = harness.open();
    assertThat(harness.store.record(RANGE).hasSnapshot()).isFalse();
    record(range, 4, "d");

    assertThat(harness.store.record(RANGE).hasSnapshot()).isTrue();
  }

  @Test
  void recoveryFromSnapshotAndEntriesGivesTheSameCountsAndSequences() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    harness.settings = new RangeSettings(1500, 7, Long.MAX_VALUE);
    Map<String, Long> expected = new HashMap<>();
    long[] sequences = new long[4];
    OwnedRange range = harness.open();
    for (int step = 0; step < 300; step++) {
      int session = 1 + random.nextInt(3);
      String key = "key-" + random.nextInt(20);
      long delta = random.nextInt(9) - 10;
      RecordBatch sent = deltas(++sequences[session], key, delta);
      harness.submit(range, session, sent);
      expected.merge(key, delta, Long::sum);
      if (random.nextInt(3) == 0) {
        harness.submit(range, session, sent);
      }
      if (random.nextInt(4) == 0) {
        harness.settle();
      }
      if (random.nextInt(10) == 0) {
        harness.settle();
        range = harness.open();
      }
    }
    harness.settle();
    range = harness.open();

    assertThat(harness.store.record(RANGE).hasPreviousSnapshot()).as("seed %d", seed).isTrue();
    for (Map.Entry<String, Long> count : expected.entrySet()) {
      assertThat(harness.count(range, count.getKey()))
          .as("%s, seed %d", count.getKey(), seed)
          .isEqualTo(count.getValue());
    }
    for (int session = 1; session <= 3; session++) {
      int id = session;
      Long last = harness.ask(range, engine -> engine.lastSequence(RangeHarness.session(id)));
      assertThat(last).as("seed %d", seed).isEqualTo(sequences[session]);
    }
  }

  @Test
  void aRangeReleasedWhileBeingOpenedClosesItsJournal() {
    ShownJournals journals = new ShownJournals();
    OwnedRange range = harness.newRange();
    CompletableFuture<?> released = range.release();
    CompletableFuture<Void> open = range.open(journals);
    harness.settle();

    assertThat(released).isCompleted();
    assertThat(open).isDone();
    assertThat(range.state()).isEqualTo(RangeState.RELEASED);
    assertThat(journals.opened).hasSize(1);
    assertThat(journals.opened.get(0).health().state()).isEqualTo(JournalHealth.State.LOST);
    assertThat(harness.lost).isEmpty();
    harness.submit(range, A, batch(1, "x"));
    assertThat(harness.takeAnswers()).containsExactly("1:RANGE_IN_HANDOFF");
  }

  @Test
  void aRangeWhoseJournalDoesNotOpenIsLost() {
    OwnedRange range = harness.newRange();
    CompletableFuture<Void> open = range.open(new ClosedJournals());
    harness.settle();

    assertThat(open).isCompletedExceptionally();
    assertThat(range.state()).isEqualTo(RangeState.LOST);
    assertThat(harness.lost).containsExactly(range);
  }

  /** An engine that counted a batch behind the journal's back cannot apply the same one again. */
  @Test
  void anEntryThatTheEngineDoesNotApplyLosesTheRangeWithWhatIsInFlight() {
    OwnedRange range = harness.open();
    RecordBatch first = batch(1, "x");
    harness.submit(range, A, first);
    harness.submit(range, A, batch(2, "y"));
    harness.ask(
        range,
        engine -> {
          engine.apply(entry(first));
          return true;
        });
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:IN_DOUBT", "2:RANGE_IN_HANDOFF");
    assertThat(range.state()).isEqualTo(RangeState.LOST);
    assertThat(harness.lost).containsExactly(range);

    // What counts is what is in the journal: the first batch, once.
    OwnedRange again = harness.open();
    harness.submit(again, A, first);
    harness.submit(again, A, batch(2, "y"));
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly("1:DUPLICATE", "2:APPLIED");
    assertThat(harness.count(again, "x")).isEqualTo(1);
  }

  private static JournalEntry entry(RecordBatch batch) {
    return JournalEntry.newBuilder()
        .setBatches(
            AcceptedBatches.newBuilder()
                .addBatches(
                    AcceptedBatch.newBuilder()
                        .setSessionId(RangeHarness.session(A))
                        .setNamespaceUid(RangeHarness.UID)
                        .setAcceptedAtMillis(RangeHarness.NOON)
                        .setBatch(batch.toByteString())))
        .build();
  }

  @Test
  void aSnapshotThatCannotBeWrittenIsTriedAgainLaterAndTheRangeServesOn() {
    harness.settings = new RangeSettings(1, Long.MAX_VALUE, Long.MAX_VALUE);
    OwnedRange range = harness.newRange();
    range.open(new NoRoomForSnapshots());
    harness.settle();
    harness.submit(range, A, batch(1, "x"));
    harness.settle();

    assertThat(snapshots("failed")).isEqualTo(1);
    harness.submit(range, A, batch(2, "x"));
    harness.settle();

    assertThat(harness.takeAnswers()).containsExactly("1:APPLIED", "2:APPLIED");
    assertThat(range.state()).isEqualTo(RangeState.SERVING);
    assertThat(snapshots("failed")).isEqualTo(1);

    harness.now += 10_000;
    harness.submit(range, A, batch(3, "x"));
    harness.settle();

    assertThat(snapshots("failed")).isEqualTo(2);
    assertThat(harness.count(harness.open(), "x")).isEqualTo(3);
  }

  private long snapshots(String outcome) {
    return harness
        .registry
        .get("tallyring.snapshot.duration")
        .tag("outcome", outcome)
        .timer()
        .count();
  }

  /** Journals of the harness that let no chunk of a snapshot be as large as it has to be. */
  private final class NoRoomForSnapshots implements RangeJournals {
    @Override
    public CompletableFuture<RangeJournal> open(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      return harness
          .journals
          .open(rangeId, owner, replay, executor)
          .thenApply(
              journal ->
                  (RangeJournal)
                      Proxy.newProxyInstance(
                          RangeJournal.class.getClassLoader(),
                          new Class<?>[] {RangeJournal.class},
                          (proxy, method, arguments) -> {
                            if (method.getName().equals("snapshot")) {
                              throw new IllegalArgumentException("chunk: too large");
                            }
                            return method.invoke(journal, arguments);
                          }));
    }

    @Override
    public CompletableFuture<StoredJournal> stored(int rangeId) {
      return harness.journals.stored(rangeId);
    }

    @Override
    public JournalFollower follow(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      throw new UnsupportedOperationException("follow");
    }

    @Override
    public void close() {}
  }

  @Test
  void rankingsArePublishedAnewEachTwoHundredMillisecondsAtMost() {
    OwnedRange range = harness.open();
    record(range, 1, "x");
    PublishedRankings first = published(range);
    record(range, 2, "y");
    assertThat(published(range)).isSameAs(first);

    harness.now += 200;
    assertThat(published(range).version()).isGreaterThan(first.version());
  }

  private PublishedRankings published(OwnedRange range) {
    CompletableFuture<PublishedRankings> published = range.published(RankingFloors.OF_NOTHING);
    harness.loop.runAll();
    return published.join();
  }
}
