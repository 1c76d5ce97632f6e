package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tallyring.shardserver.ownership.RangeHarness.NOON;
import static org.tallyring.shardserver.ownership.RangeHarness.RANGE;
import static org.tallyring.shardserver.ownership.RangeHarness.UID;
import static org.tallyring.shardserver.ownership.RangeHarness.batch;

import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.shardserver.engine.TamperedSnapshot;
import org.tallyring.shardserver.journal.JournalFollower;
import org.tallyring.shardserver.journal.JournalReplay;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.StoredJournal;

/** Ranges beside a replay of their journals. */
final class RangeAuditTest {

  private static final int A = 1;
  private static final int SNAPSHOT_ENTRIES = 4;

  private final RangeHarness harness = new RangeHarness();
  private final ManualScheduler scheduler = new ManualScheduler();
  private long sequence;

  private OwnedRange open() {
    harness.settings = new RangeSettings(Long.MAX_VALUE, SNAPSHOT_ENTRIES, Long.MAX_VALUE);
    return harness.open();
  }

  private void record(OwnedRange range, int entries) {
    for (int i = 0; i < entries; i++) {
      harness.submit(range, A, batch(++sequence, "key-" + sequence % 7, "always"));
      harness.settle();
    }
  }

  private RangeAudit audit(RangeJournals journals) {
    return new RangeAudit(journals, Runnable::run, scheduler.asService(), harness.meters);
  }

  private @Nullable RangeVerification found(OwnedRange range) {
    CompletableFuture<@Nullable RangeVerification> found = audit(harness.journals).verify(range);
    harness.loop.runAll();
    return found.join();
  }

  private RangeVerification verify(OwnedRange range) {
    return Objects.requireNonNull(found(range));
  }

  private double mismatchesMetered() {
    return harness.registry.get("tallyring.verify.mismatch").counter().count();
  }

  private long snapshotsStored() {
    return harness.store.record(RANGE).hasPreviousSnapshot() ? 2 : 1;
  }

  @Test
  void aWholeJournalIsReplayedFromItsBeginning() {
    OwnedRange range = open();
    record(range, 3);
    RangeVerification found = verify(range);

    assertThat(found.mismatchCount()).isZero();
    assertThat(found.from()).isEqualTo(Position.START);
    assertThat(found.upTo()).isEqualTo(new Position(1, 3));
    assertThat(found.entries()).isEqualTo(3);
    assertThat(found.keys()).isEqualTo(4);
    assertThat(mismatchesMetered()).isZero();
  }

  @Test
  void snapshotsAreComparedAtTheirPlacesAndReplayBeginsAfterTheOldest() {
    for (int tenure = 0; tenure < 4; tenure++) {
      record(open(), 30);
    }
    OwnedRange range = open();
    record(range, 2);
    assertThat(snapshotsStored()).isEqualTo(2);
    RangeVerification found = verify(range);

    assertThat(found.mismatchCount()).isZero();
    assertThat(found.from()).isNotEqualTo(Position.START);
    assertThat(found.snapshots()).isEqualTo(1);
    assertThat(found.entries()).isPositive();
    assertThat(found.upTo()).isEqualTo(new Position(5, 2));
  }

  @Test
  void aRangeThatNothingWasAppliedToSinceItsSnapshotIsVerified() {
    OwnedRange before = open();
    while (!harness.store.record(RANGE).hasSnapshot()) {
      record(before, 1);
    }
    RangeVerification found = verify(open());

    assertThat(found.mismatchCount()).isZero();
    assertThat(found.snapshots()).isEqualTo(1);
    assertThat(found.entries()).isEqualTo(sequence);
  }

  @Test
  void aFreshRangeHasNothingToReplay() {
    assertThat(verify(open()).entries()).isZero();
  }

  /** What the issue asks for: a count that was changed behind the journal's back. */
  @Test
  void aCountChangedInTheLiveStateIsFound() {
    OwnedRange range = open();
    record(range, 3);
    harness.ask(range, RangeAuditTest::smuggleIn);
    RangeVerification found = verify(range);

    assertThat(found.mismatchCount()).isPositive();
    assertThat(found.mismatches())
        .allMatch(mismatch -> mismatch.snapshot().isEmpty())
        .anySatisfy(
            mismatch -> {
              assertThat(mismatch.difference().what()).isEqualTo("count");
              assertThat(mismatch.difference().key().toStringUtf8()).isEqualTo("always");
              assertThat(mismatch.difference().stored()).isEqualTo(4);
              assertThat(mismatch.difference().replayed()).isEqualTo(3);
            });
    assertThat(mismatchesMetered()).isEqualTo(found.mismatchCount());
  }

  private static boolean smuggleIn(org.tallyring.shardserver.engine.RangeEngine engine) {
    engine.apply(
        JournalEntry.newBuilder()
            .setBatches(
                AcceptedBatches.newBuilder()
                    .addBatches(
                        AcceptedBatch.newBuilder()
                            .setNamespaceUid(UID)
                            .setAcceptedAtMillis(NOON)
                            .setBatch(batch(1, "always").toByteString())))
            .build());
    return true;
  }

  @Test
  void aSnapshotThatWasTamperedWithIsFoundBeforeAndAfterAnOwnerBelievesIt() {
    record(open(), 30);
    OwnedRange before = open();
    record(before, 9);
    long newest = harness.store.record(RANGE).getSnapshot().getEntry();
    harness.journals.tamperSnapshot(harness.store, RANGE, TamperedSnapshot::withOneMore);
    RangeVerification found = verify(before);

    assertThat(found.mismatchCount()).isOne();
    assertThat(found.mismatches().get(0).snapshot().map(Position::entry)).hasValue(newest);

    RangeVerification believed = verify(open());
    assertThat(believed.mismatchCount()).isEqualTo(2);
    assertThat(believed.mismatches())
        .extracting(mismatch -> mismatch.snapshot().isPresent())
        .containsExactly(true, false);
  }

  @Test
  void aRangeThatDoesNotServeIsNotVerified() {
    OwnedRange range = harness.newRange();

    assertThat(found(range)).isNull();
  }

  /** Journals that lose their footing some times: a snapshot took away what was being read. */
  private final class MovingJournals implements RangeJournals {
    private int moves;

    MovingJournals(int moves) {
      this.moves = moves;
    }

    @Override
    public CompletableFuture<RangeJournal> open(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      return harness.journals.open(rangeId, owner, replay, executor);
    }

    @Override
    public JournalFollower follow(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      throw new UnsupportedOperationException("follow");
    }

    @Override
    public CompletableFuture<StoredJournal> stored(int rangeId) {
      return moves-- > 0
          ? CompletableFuture.failedFuture(new IllegalStateException("kept no more"))
          : harness.journals.stored(rangeId);
    }

    @Override
    public void close() {}
  }

  @Test
  void aVerificationWhoseJournalMovedBeginsAnewSomeTimes() throws InterruptedException {
    OwnedRange range = open();
    record(range, 3);
    RangeAudit audit = audit(new MovingJournals(4));
    CompletableFuture<@Nullable RangeVerification> found = audit.verify(range);
    for (int i = 0; i < 4; i++) {
      assertThat(found).isNotDone();
      scheduler.take().task().run();
      harness.loop.runAll();
    }
    assertThat(Objects.requireNonNull(found.join()).mismatchCount()).isZero();

    CompletableFuture<@Nullable RangeVerification> never =
        audit(new MovingJournals(5)).verify(range);
    for (int i = 0; i < 4; i++) {
      scheduler.take().task().run();
    }
    assertThatThrownBy(never::join).hasMessageContaining("kept no more");
  }

  @Test
  void oneRangeIsVerifiedAfterTheOther() {
    OwnedRange range = open();
    record(range, 3);
    RangeAudit audit = audit(harness.journals);
    CompletableFuture<@Nullable RangeVerification> first = audit.verify(range);
    CompletableFuture<@Nullable RangeVerification> second = audit.verify(range);
    harness.loop.runOne();

    assertThat(first).isCompleted();
    assertThat(second).isNotDone();
    harness.loop.runAll();
    assertThat(second).isCompleted();
  }

  @Test
  void aJournalIsReadUpToWhatWasApplied() {
    OwnedRange range = open();
    record(range, 2);
    harness.journals.holdAcks(RANGE);
    harness.submit(range, A, batch(++sequence, "on its way"));
    CompletableFuture<@Nullable AppliedJournal> journal = audit(harness.journals).journal(range);
    harness.loop.runAll();

    assertThat(Optional.ofNullable(journal.join()).map(AppliedJournal::upTo))
        .hasValue(new Position(1, 2));
  }
}
