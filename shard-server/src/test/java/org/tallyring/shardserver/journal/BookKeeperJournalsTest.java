package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.bookkeeper.client.BookKeeper;
import org.apache.bookkeeper.client.api.ListLedgersResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.Mishap;
import org.tallyring.shardserver.ownership.Rehearsal;

/** The promises on real bookies, and what only they can show. */
final class BookKeeperJournalsTest extends RangeJournalsContractTest {

  @TempDir static Path directory;

  private LocalBookies cluster;
  private BookKeeperJournals journals;
  private BookKeeperJournals othersJournals;

  @BeforeAll
  void start() throws Exception {
    cluster = new LocalBookies(directory);
    for (int i = 1; i <= 3; i++) {
      cluster.startBookie("bookie-" + i);
    }
    journals = BookKeeperJournals.connect(cluster.settings(), store);
    othersJournals = BookKeeperJournals.connect(cluster.settings(), store);
  }

  @AfterAll
  void stop() throws Exception {
    journals.close();
    othersJournals.close();
    cluster.close();
  }

  @Override
  RangeJournals journals() {
    return journals;
  }

  @Override
  RangeJournals othersJournals() {
    return othersJournals;
  }

  private Set<Long> ledgers() throws Exception {
    Set<Long> ids = new HashSet<>();
    try (BookKeeper client = BookKeeperClient.connect(cluster.settings());
        ListLedgersResult listed = client.newListLedgersOp().execute().get()) {
      listed.toIterable().forEach(ids::add);
    }
    return ids;
  }

  private static double appendedBytes(MeterRegistry registry) {
    return registry.get("tallyring.journal.appended.bytes").functionCounter().count();
  }

  @Test
  void theBytesOfEntriesAreAddedUp() {
    RangeJournal journal = open(newRange());
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    journals.register(registry);
    double before = appendedBytes(registry);

    append(journal, "entry");
    append(journal, "another");

    assertThat(appendedBytes(registry) - before).isEqualTo("entry".length() + "another".length());
  }

  @Test
  void aFullSegmentIsFollowedByAnother() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> entries = new ArrayList<>();
    for (int i = 0; store.record(range).getSegmentsCount() < 5; i++) {
      entries.addAll(appendMany(journal, i + "-" + "x".repeat(200), 10));
    }
    List<JournalSegment> segments = store.record(range).getSegmentsList();

    assertThat(segments).extracting(JournalSegment::getNumber).startsWith(1L, 2L, 3L, 4L, 5L);
    assertThat(journal.epoch()).isEqualTo(1);
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void ledgersOfDroppedSegmentsAndSnapshotsAreDeleted() throws Exception {
    int range = newRange();
    RangeJournal journal = open(range);
    Set<Long> seen = new HashSet<>();
    for (int i = 0; i < 6; i++) {
      appendMany(journal, "x".repeat(200), 50);
      Position upTo = append(journal, "mark");
      get(journal.snapshot(upTo, RecordingReplay.snapshotOf(List.of("state"))));
      RangeRecord record = store.record(range);
      record.getSegmentsList().forEach(segment -> seen.add(segment.getLedgerId()));
      seen.add(record.getSnapshot().getLedgerId());
    }
    RangeRecord record = store.record(range);
    Set<Long> left = ledgers();
    left.retainAll(seen);

    assertThat(seen).hasSizeGreaterThan(8);
    assertThat(left).allMatch(ledgerId -> JournalLayout.refersTo(record, ledgerId));
    assertThat(record.getGarbageLedgerIdsList()).isEmpty();
  }

  @Test
  void whatIsStillToBeKeptOutlivesSnapshotsAndGoesWithTheFirstOneAfterThat() {
    AtomicLong now = new AtomicLong(1_000_000);
    JournalSettings settings = cluster.settings().withRetention(Duration.ofHours(1));
    try (BookKeeperJournals retaining =
        BookKeeperJournals.connect(settings, store, () -> Instant.ofEpochMilli(now.get()))) {
      int range = newRange();
      List<String> state = new ArrayList<>();
      List<Position> places = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        RangeJournal journal = open(retaining, range, new RecordingReplay());
        places.add(append(journal, "entry-" + i));
        state.add("entry-" + i);
        get(journal.snapshot(places.get(i), RecordingReplay.snapshotOf(state)));
      }
      assertThat(store.record(range).getSegments(0).getNumber()).isEqualTo(1);
      try (StoredJournal stored = get(retaining.stored(range))) {
        assertThat(stored.beginning()).isEqualTo(Position.START);
        assertThat(get(stored.after(Position.START, places.get(3)))).isNotEmpty();
      }
      RecordingReplay replay = new RecordingReplay();
      RangeJournal journal = open(retaining, range, replay);
      assertThat(replay.replayed).isEmpty();
      assertThat(replay.state).isEqualTo(state);

      now.addAndGet(Duration.ofHours(2).toMillis());
      Position last = append(journal, "last");
      get(journal.snapshot(last, RecordingReplay.snapshotOf(List.of("last"))));
      assertThat(store.record(range).getSegments(0).getNumber()).isEqualTo(places.get(3).segment());
      assertThat(store.record(range).getGarbageLedgerIdsList()).isEmpty();
    }
  }

  @Test
  void garbageOfAnOwnerThatDiedIsDeletedByTheNext() throws Exception {
    int range = newRange();
    RangeJournal journal = open(range);
    append(journal, "entry");
    int otherRange = newRange();
    open(otherRange);
    long orphan = store.record(otherRange).getSegments(0).getLedgerId();
    store.tamper(range, record -> record.toBuilder().addGarbageLedgerIds(orphan).build());

    assertThat(reopened(range)).containsExactly("entry");
    await().until(() -> store.record(range).getGarbageLedgerIdsCount() == 0);
    assertThat(ledgers()).doesNotContain(orphan);
  }

  @Test
  void anOpenThatLosesLeavesNoLedgerBehind() throws Exception {
    int range = newRange();
    append(open(range), "entry");
    Set<Long> before = ledgers();
    JournalReplay failing =
        new JournalReplay() {
          @Override
          public void restore(List<byte[]> chunks) {}

          @Override
          public void replay(Position position, byte[] entry) {
            throw new IllegalStateException("cannot apply");
          }
        };
    assertThatThrownBy(() -> open(journals, range, failing)).hasMessageContaining("cannot apply");

    await().untilAsserted(() -> assertThat(before).containsAll(ledgers()));
  }

  @Test
  void openingAgainAndAgainDoesNotLengthenAJournalThatNobodyWrites() {
    int range = newRange();
    append(open(range), "entry");
    for (int i = 0; i < 5; i++) {
      open(range);
    }
    RangeJournal journal = open(range);

    assertThat(store.record(range).getSegmentsList())
        .extracting(JournalSegment::getNumber)
        .containsExactly(1L, 2L);
    assertThat(append(journal, "later")).isEqualTo(new Position(2, 1));
    assertThat(reopened(range)).containsExactly("entry", "later");
  }

  @Test
  void aSegmentThatIsMissingFailsTheOpen() {
    int range = newRange();
    append(open(range), "entry");
    append(open(range), "entry");
    append(open(range), "entry");
    store.tamper(range, record -> record.toBuilder().removeSegments(1).build());

    assertThatThrownBy(() -> open(range)).hasMessageContaining("segment 3 follows 1");
  }

  @Test
  void threeBookiesKeepTwoCopiesAndThatIsHealthy() {
    assertThat(open(newRange()).health()).isEqualTo(new JournalHealth(JournalHealth.State.OK, 2));
  }

  @Test
  void aFollowerWhoseNextSegmentIsGoneSaysSoAndAnotherOneBeginsAtTheSnapshot() {
    int range = newRange();
    RangeJournal journal = open(range);
    JournalFollower late =
        othersJournals.follow(range, "shard-2", new RecordingReplay(), Runnable::run);
    get(late.advance());
    List<String> entries = new ArrayList<>();
    while (store.record(range).getSegmentsList().isEmpty()
        || store.record(range).getSegments(0).getNumber() < 3) {
      entries.addAll(appendMany(journal, "x".repeat(200), 50));
      Position upTo = append(journal, "mark");
      entries.add("mark");
      get(journal.snapshot(upTo, RecordingReplay.snapshotOf(entries)));
    }
    assertThatThrownBy(() -> get(late.advance())).hasMessageContaining("is missing");

    RecordingReplay replay = new RecordingReplay();
    JournalFollower fresh = othersJournals.follow(range, "shard-2", replay, Runnable::run);
    get(fresh.advance());
    get(fresh.take());
    assertThat(replay.state).isEqualTo(entries);
  }

  /** An answer of the record that is wrong must not cost a ledger that the record names. */
  @Test
  void aHandOffWhoseClaimIsUnclearLosesNothing() {
    for (Mishap how : Mishap.values()) {
      int range = newRange();
      RangeJournal journal = open(range);
      List<String> entries = appendMany(journal, "entry-", 5);
      JournalFollower follower =
          othersJournals.follow(range, "shard-2", new RecordingReplay(), Runnable::run);
      get(follower.prepare());
      get(follower.advance());
      get(journal.close());
      store.nextGoesWrong(how);
      follower.takeHandedOff().handle((taken, failure) -> null).join();

      assertThat(reopened(range)).as("%s", how).isEqualTo(entries);
    }
  }

  @Test
  void aHandOffWhoseEpochIsNotTheOnePreparedForTakesTheRangeAllTheSame() {
    int range = newRange();
    open(range);
    RecordingReplay replay = new RecordingReplay();
    JournalFollower follower = othersJournals.follow(range, "shard-2", replay, Runnable::run);
    get(follower.prepare());
    List<String> entries = appendMany(open(range), "entry-", 5);
    RangeJournal taken = get(follower.takeHandedOff());

    assertThat(taken.epoch()).isEqualTo(3);
    assertThat(replay.state).isEqualTo(entries);
    append(taken, "next");
    entries.add("next");
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void whatAFollowerPreparedIsDeletedWhenItStops() throws Exception {
    int range = newRange();
    open(range);
    JournalFollower follower =
        othersJournals.follow(range, "shard-2", new RecordingReplay(), Runnable::run);
    Set<Long> before = ledgers();
    get(follower.prepare());
    assertThat(ledgers()).hasSize(before.size() + 1);
    follower.stop();

    await().untilAsserted(() -> assertThat(ledgers()).isEqualTo(before));
  }

  @Test
  void whatIsRehearsedLeavesNothingBehind() throws Exception {
    Set<Long> before = ledgers();
    RangeRecord recorded = store.record(0);
    try (RangeJournals unknown = journals.forRehearsal()) {
      Rehearsal.run(unknown, Duration.ofSeconds(20));
      assertThat(ledgers()).hasSizeGreaterThan(before.size());
    }
    await().untilAsserted(() -> assertThat(ledgers()).isEqualTo(before));
    assertThat(store.record(0)).isEqualTo(recorded);
  }
}
