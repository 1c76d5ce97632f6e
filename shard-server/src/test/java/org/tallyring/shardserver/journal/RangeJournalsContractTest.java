package org.tallyring.shardserver.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.coordination.Mishap;

/** What every implementation of {@link RangeJournals} promises. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RangeJournalsContractTest {

  static final int ROLL_BYTES = 4 << 10;

  private static final AtomicInteger RANGES = new AtomicInteger();

  final InMemoryRangeStore store = new InMemoryRangeStore();
  private final ExecutorService loop = Executors.newSingleThreadExecutor();

  /** Journals as one process sees them, with segments of {@link #ROLL_BYTES} if it rolls at all. */
  abstract RangeJournals journals();

  /** The same journals as another process sees them. */
  abstract RangeJournals othersJournals();

  @AfterAll
  void stopLoop() {
    loop.shutdownNow();
  }

  static int newRange() {
    return RANGES.incrementAndGet();
  }

  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e);
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  RangeJournal open(RangeJournals journals, int range, JournalReplay replay) {
    return get(journals.open(range, "shard-1", replay, loop));
  }

  RangeJournal open(int range) {
    return open(journals(), range, new RecordingReplay());
  }

  List<String> reopened(int range) {
    RecordingReplay replay = new RecordingReplay();
    open(othersJournals(), range, replay);
    return replay.state;
  }

  static Position append(RangeJournal journal, String entry) {
    return get(journal.append(new StoredBytes(entry.getBytes(UTF_8))));
  }

  static List<String> appendMany(RangeJournal journal, String prefix, int count) {
    List<String> entries = new ArrayList<>();
    List<CompletableFuture<Position>> appends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(prefix + i);
      appends.add(journal.append(new StoredBytes(entries.get(i).getBytes(UTF_8))));
    }
    appends.forEach(RangeJournalsContractTest::get);
    return entries;
  }

  @Test
  void whatWasAcknowledgedIsReplayedInOrder() {
    int range = newRange();
    List<String> entries = appendMany(open(range), "entry-", 500);

    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aFreshRangeHasNothingToReplay() {
    assertThat(reopened(newRange())).isEmpty();
  }

  @Test
  void positionsRiseAndAreTheSameInReplay() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<Position> appended = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      appended.add(append(journal, "entry-" + i));
    }
    RecordingReplay replay = new RecordingReplay();
    open(othersJournals(), range, replay);

    assertThat(appended).isSorted().doesNotHaveDuplicates();
    assertThat(replay.replayed).isEqualTo(appended);
  }

  @Test
  void theEpochGrowsByOneAndTheRecordNamesTheOwner() {
    int range = newRange();
    RangeJournal first = open(range);
    RangeJournal second =
        get(othersJournals().open(range, "shard-2", new RecordingReplay(), Runnable::run));

    assertThat(first.epoch()).isEqualTo(1);
    assertThat(second.epoch()).isEqualTo(2);
    RangeRecord record = store.record(range);
    assertThat(record.getEpoch()).isEqualTo(2);
    assertThat(record.getOwner()).isEqualTo("shard-2");
    assertThat(record.getServing()).isTrue();
  }

  @Test
  void anEarlierOwnerCannotAppendEverAgain() {
    int range = newRange();
    RangeJournal earlier = open(range);
    append(earlier, "before");
    open(othersJournals(), range, new RecordingReplay());

    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> append(earlier, "after")).isInstanceOf(JournalLostException.class);
    }
    assertThat(earlier.health().state()).isEqualTo(JournalHealth.State.LOST);
    assertThat(reopened(range)).containsExactly("before");
  }

  @Test
  void anEarlierOwnerCannotStoreASnapshot() {
    int range = newRange();
    RangeJournal earlier = open(range);
    Position position = append(earlier, "before");
    open(othersJournals(), range, new RecordingReplay());

    assertThatThrownBy(
            () -> get(earlier.snapshot(position, RecordingReplay.snapshotOf(List.of("wrong")))))
        .isInstanceOf(JournalLostException.class);
    assertThat(reopened(range)).containsExactly("before");
  }

  @Test
  void nothingAcknowledgedIsMissingWhenFencedInFlight() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 10; round++) {
      int range = newRange();
      RangeJournal journal = open(range);
      List<String> sent = new ArrayList<>();
      List<CompletableFuture<Position>> appends = new ArrayList<>();
      int before = random.nextInt(300);
      int after = random.nextInt(300);
      CompletableFuture<RangeJournal> takeover = null;
      RecordingReplay replay = new RecordingReplay();
      for (int i = 0; i < before + after; i++) {
        if (i == before) {
          takeover = othersJournals().open(range, "shard-2", replay, loop);
        }
        sent.add("entry-" + i + "x".repeat(random.nextInt(100)));
        appends.add(journal.append(new StoredBytes(sent.get(i).getBytes(UTF_8))));
      }
      if (takeover == null) {
        takeover = othersJournals().open(range, "shard-2", replay, loop);
      }
      get(takeover);
      appends.forEach(append -> append.handle((done, failure) -> null).join());
      long acknowledged = appends.stream().filter(a -> !a.isCompletedExceptionally()).count();

      assertThat(replay.state)
          .as("seed %d, round %d", seed, round)
          .hasSizeGreaterThanOrEqualTo((int) acknowledged)
          .isEqualTo(sent.subList(0, replay.state.size()));
      assertThat(appends.subList(0, (int) acknowledged))
          .as("seed %d, round %d: after one failure all fail", seed, round)
          .noneMatch(CompletableFuture::isCompletedExceptionally);
    }
  }

  @Test
  void acknowledgementsComeInTheOrderOfTheAppends() {
    RangeJournal journal = open(newRange());
    List<Integer> order = new ArrayList<>();
    List<CompletableFuture<?>> noted = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      int number = i;
      noted.add(journal.append(new StoredBytes(new byte[50])).thenRun(() -> order.add(number)));
    }
    noted.forEach(RangeJournalsContractTest::get);

    assertThat(order).isSorted().hasSize(1000);
  }

  @Test
  void aSnapshotReplacesTheReplayOfWhatItHolds() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> state = new ArrayList<>(appendMany(journal, "a", 20));
    Position upTo = append(journal, "last in the snapshot");
    state.add("last in the snapshot");
    get(journal.snapshot(upTo, RecordingReplay.snapshotOf(state)));
    long bytes = journal.bytesSinceSnapshot();
    state.addAll(appendMany(journal, "b", 3));

    RecordingReplay replay = new RecordingReplay();
    RangeJournal next = open(othersJournals(), range, replay);

    assertThat(replay.state).isEqualTo(state);
    assertThat(replay.restores).isEqualTo(1);
    assertThat(replay.replayed).hasSize(3).allMatch(position -> position.compareTo(upTo) > 0);
    assertThat(bytes).isZero();
    assertThat(next.bytesSinceSnapshot()).isBetween(6L, 100L);
  }

  @Test
  void twoSnapshotsAreKeptAndWhatIsBeforeThemGoes() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> state = new ArrayList<>();
    List<Long> ledgers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      store.record(range).getSegmentsList().forEach(segment -> ledgers.add(segment.getLedgerId()));
      state.addAll(appendMany(journal, i + "-" + "x".repeat(100), 100));
      Position upTo = append(journal, "mark");
      state.add("mark");
      get(journal.snapshot(upTo, RecordingReplay.snapshotOf(state)));
    }
    journal.close();
    journal = open(range);
    Position upTo = append(journal, "end");
    state.add("end");
    get(journal.snapshot(upTo, RecordingReplay.snapshotOf(state)));
    get(journal.snapshot(upTo, RecordingReplay.snapshotOf(state)));

    RangeRecord record = store.record(range);
    assertThat(record.getGarbageLedgerIdsList()).isEmpty();
    assertThat(record.hasSnapshot() && record.hasPreviousSnapshot()).isTrue();
    assertThat(record.getSegments(0).getNumber()).isEqualTo(upTo.segment());
    assertThat(record.getSegmentsList())
        .noneMatch(segment -> ledgers.contains(segment.getLedgerId()));
    assertThat(reopened(range)).isEqualTo(state);
  }

  @Test
  void aDamagedNewestSnapshotFallsBackToTheOneBefore() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> state = new ArrayList<>(appendMany(journal, "a", 10));
    get(journal.snapshot(append(journal, "a10"), RecordingReplay.snapshotOf(with(state, "a10"))));
    state.add("a10");
    state.addAll(appendMany(journal, "b", 10));
    get(journal.snapshot(append(journal, "b10"), RecordingReplay.snapshotOf(with(state, "b10"))));
    state.add("b10");
    state.addAll(appendMany(journal, "c", 10));
    long damaged = store.record(range).getSnapshot().getLedgerId();
    long good = store.record(range).getPreviousSnapshot().getLedgerId();
    store.tamper(range, RangeJournalsContractTest::withDamagedSnapshot);

    assertThat(reopened(range)).isEqualTo(state);
    assertThat(store.record(range).getSnapshot().getLedgerId()).isEqualTo(good);
    assertThat(store.record(range).hasPreviousSnapshot()).isFalse();
    assertThat(store.record(range).getSegmentsList())
        .noneMatch(segment -> segment.getLedgerId() == damaged);
    assertThat(reopened(range)).isEqualTo(state);
  }

  @Test
  void aDamagedOnlySnapshotFallsBackToTheWholeJournal() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> state = new ArrayList<>(appendMany(journal, "a", 10));
    get(journal.snapshot(append(journal, "a10"), RecordingReplay.snapshotOf(with(state, "a10"))));
    state.add("a10");
    store.tamper(range, RangeJournalsContractTest::withDamagedSnapshot);

    assertThat(reopened(range)).isEqualTo(state);
  }

  private static List<String> with(List<String> state, String entry) {
    List<String> more = new ArrayList<>(state);
    more.add(entry);
    return more;
  }

  private static RangeRecord withDamagedSnapshot(RangeRecord range) {
    RangeRecord.Builder changed = range.toBuilder();
    changed.getSnapshotBuilder().setCrc32C(range.getSnapshot().getCrc32C() + 1);
    return changed.build();
  }

  @Test
  void closingLosesNothingAndEndsTheJournal() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<CompletableFuture<Position>> appends = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      appends.add(journal.append(new StoredBytes(("entry-" + i).getBytes(UTF_8))));
    }
    get(journal.close());

    assertThat(appends).allMatch(append -> append.isDone() && !append.isCompletedExceptionally());
    assertThatThrownBy(() -> append(journal, "late")).isInstanceOf(JournalLostException.class);
    assertThat(reopened(range)).hasSize(100).endsWith("entry-99");
  }

  @Test
  void closingALostJournalDoesNothing() {
    int range = newRange();
    RangeJournal earlier = open(range);
    RangeJournal owner = open(othersJournals(), range, new RecordingReplay());
    assertThatThrownBy(() -> append(earlier, "x")).isInstanceOf(JournalLostException.class);
    get(earlier.close());
    append(owner, "y");

    assertThat(reopened(range)).containsExactly("y");
  }

  @Test
  void anEntryThatIsTooLargeIsRefusedAndHarmsNothing() {
    int range = newRange();
    RangeJournal journal = open(range);
    byte[] large = new byte[journal.maxEntryBytes() + 1];

    assertThatThrownBy(() -> journal.append(new StoredBytes(large)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: at most");
    append(journal, "small");
    assertThat(reopened(range)).containsExactly("small");
  }

  @Test
  void theLargestEntryIsTaken() {
    int range = newRange();
    RangeJournal journal = open(range);
    append(journal, "x".repeat(journal.maxEntryBytes()));

    assertThat(reopened(range)).hasSize(1).first().asString().hasSize(journal.maxEntryBytes());
  }

  @Test
  void manySegmentsAndOwnersKeepTheOrder() {
    int range = newRange();
    List<String> entries = new ArrayList<>();
    for (int owner = 0; owner < 5; owner++) {
      RecordingReplay replay = new RecordingReplay();
      RangeJournal journal = open(owner % 2 == 0 ? journals() : othersJournals(), range, replay);
      assertThat(replay.state).isEqualTo(entries);
      entries.addAll(appendMany(journal, owner + "x".repeat(100) + "-", 300));
    }
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aReplayThatFailsFailsTheOpenAndTheNextOneWorks() {
    int range = newRange();
    List<String> entries = appendMany(open(range), "entry-", 5);
    JournalReplay failing =
        new JournalReplay() {
          @Override
          public void restore(List<byte[]> chunks) {}

          @Override
          public void replay(Position position, byte[] entry) {
            throw new IllegalStateException("cannot apply");
          }
        };

    assertThatThrownBy(() -> open(journals(), range, failing)).hasMessageContaining("cannot apply");
    assertThat(store.record(range).getServing()).isFalse();
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void ofManyOpensAtOnceOneOwnsTheRange() {
    int range = newRange();
    append(open(range), "first");
    List<CompletableFuture<RangeJournal>> opens = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      RangeJournals from = i % 2 == 0 ? journals() : othersJournals();
      opens.add(from.open(range, "shard-" + i, new RecordingReplay(), Runnable::run));
    }
    int owners = 0;
    for (CompletableFuture<RangeJournal> open : opens) {
      try {
        append(get(open), "entry");
        owners++;
      } catch (JournalLostException expected) {
        assertThat(expected).hasMessageNotContaining("null");
      }
    }
    assertThat(owners).isEqualTo(1);
    assertThat(reopened(range)).containsExactly("first", "entry");
  }

  @Test
  void aLostAnswerOfTheRecordLosesNothing() {
    for (Mishap mishap : Mishap.values()) {
      int range = newRange();
      RangeJournal journal = open(range);
      Position position = append(journal, "entry");
      store.nextGoesWrong(mishap);
      get(journal.snapshot(position, RecordingReplay.snapshotOf(List.of("entry"))));
      append(journal, "later");

      assertThat(reopened(range)).as(mishap.name()).containsExactly("entry", "later");
    }
  }

  private static List<String> read(StoredJournal stored, Position after, Position upTo) {
    List<String> entries = new ArrayList<>();
    Position at = after;
    while (true) {
      List<StoredEntry> page = get(stored.after(at, upTo));
      if (page.isEmpty()) {
        return entries;
      }
      for (StoredEntry entry : page) {
        assertThat(entry.position()).isGreaterThan(at).isLessThanOrEqualTo(upTo);
        at = entry.position();
        if (at.entry() > 0) {
          entries.add(new String(entry.bytes(), UTF_8));
        }
      }
    }
  }

  @Test
  void aJournalIsReadToItsLastEntryBesideItsOwnerWhoGoesOn() {
    int range = newRange();
    List<String> entries = appendMany(open(range), "a" + "x".repeat(100), 60);
    RangeJournal owner = open(range);
    entries.addAll(appendMany(owner, "b" + "x".repeat(100), 60));
    Position last = append(owner, "last");
    entries.add("last");

    try (StoredJournal stored = get(othersJournals().stored(range))) {
      assertThat(stored.beginning()).isEqualTo(Position.START);
      assertThat(stored.snapshots()).isEmpty();
      assertThat(read(stored, stored.beginning(), last)).isEqualTo(entries);
      append(owner, "later");
      assertThat(read(stored, stored.beginning(), last)).isEqualTo(entries);
      assertThat(get(stored.after(last, last))).isEmpty();
    }
    assertThat(owner.health().state()).isNotEqualTo(JournalHealth.State.LOST);
    assertThat(store.record(range).getEpoch()).isEqualTo(owner.epoch());
    entries.add("later");
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aReadingBeginsAndEndsWhereItIsTold() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<Position> places = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      places.add(append(journal, "entry-" + i));
    }
    try (StoredJournal stored = get(journals().stored(range))) {
      assertThat(read(stored, places.get(10), places.get(12)))
          .containsExactly("entry-11", "entry-12");
      long segment = places.get(0).segment();
      List<StoredEntry> header =
          get(stored.after(new Position(segment, -1), new Position(segment, 0)));
      assertThat(header)
          .extracting(StoredEntry::position)
          .containsExactly(new Position(segment, 0));
    }
  }

  @Test
  void snapshotsAreReadBesideTheOwnerAndWhatTheyReplacedIsNot() {
    int range = newRange();
    List<String> state = new ArrayList<>();
    List<Position> places = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      RangeJournal journal = open(range);
      places.add(append(journal, "mark-" + i));
      state.add("mark-" + i);
      get(journal.snapshot(places.get(i), RecordingReplay.snapshotOf(state)));
    }
    Position last = append(open(range), "end");

    try (StoredJournal stored = get(othersJournals().stored(range))) {
      assertThat(stored.snapshots()).containsExactly(places.get(2), places.get(1));
      assertThat(get(stored.snapshot(places.get(1))))
          .extracting(chunk -> new String(chunk, UTF_8))
          .containsExactly("mark-0", "mark-1");
      assertThat(read(stored, places.get(1), last)).containsExactly("mark-2", "end");
      assertThat(stored.beginning()).isGreaterThan(places.get(0)).isLessThan(places.get(1));
      assertThatThrownBy(() -> get(stored.after(Position.START, last)))
          .hasMessageContaining("kept no more");
    }
  }

  @Test
  void sixtyFourRangesOpenAtOnce() {
    List<Integer> ranges = new ArrayList<>();
    List<CompletableFuture<RangeJournal>> opens = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      ranges.add(newRange());
      opens.add(journals().open(ranges.get(i), "shard-1", new RecordingReplay(), loop));
    }
    List<CompletableFuture<Position>> appends = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      appends.add(get(opens.get(i)).append(new StoredBytes(("range-" + i).getBytes(UTF_8))));
    }
    appends.forEach(RangeJournalsContractTest::get);
    for (int i = 0; i < 64; i += 9) {
      assertThat(reopened(ranges.get(i))).containsExactly("range-" + i);
    }
  }

  /**
   * One after the other, so that the bookies are told of all but the last that they are durable.
   */
  private static List<String> appendEach(RangeJournal journal, String prefix, int count) {
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(prefix + i);
      append(journal, prefix + i);
    }
    return entries;
  }

  private static void assertBegins(List<String> entries, List<String> beginning) {
    assertThat(beginning).isEqualTo(entries.subList(0, beginning.size()));
  }

  private JournalFollower follow(int range, JournalReplay replay) {
    return othersJournals().follow(range, "shard-2", replay, loop);
  }

  @Test
  void aFollowerDisturbsNobodyAndTakesEachEntryOnce() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> entries = appendEach(journal, "first-", 60);
    RecordingReplay replay = new RecordingReplay();
    JournalFollower follower = follow(range, replay);

    assertThat(get(follower.advance())).isBetween(59L, 60L);
    assertBegins(entries, replay.state);
    entries.addAll(appendEach(journal, "second-", 60));
    get(follower.prepare());
    assertThat(get(follower.advance())).isBetween(59L, 61L);
    entries.addAll(appendEach(journal, "third-", 3));
    get(journal.close());
    RangeJournal taken = get(follower.takeHandedOff());

    assertThat(replay.state).isEqualTo(entries);
    assertThat(taken.epoch()).isEqualTo(2);
    assertThat(store.record(range).getServing()).isTrue();
    append(taken, "next");
    entries.add("next");
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aFollowerTakesTheRangeFromAnOwnerThatWritesOn() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> entries = appendEach(journal, "entry-", 5);
    RecordingReplay replay = new RecordingReplay();
    JournalFollower follower = follow(range, replay);
    get(follower.advance());
    get(follower.take());

    assertThat(replay.state).isEqualTo(entries);
    assertThatThrownBy(() -> append(journal, "late"))
        .isInstanceOfSatisfying(
            JournalLostException.class, lost -> assertThat(lost.isFenced()).isTrue());
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aFollowerPassesThroughSegmentsAndLeavesTheOwnersSnapshots() {
    int range = newRange();
    RangeJournal journal = open(range);
    RecordingReplay replay = new RecordingReplay();
    JournalFollower follower = follow(range, replay);
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      entries.addAll(appendEach(journal, i + "-" + "x".repeat(200), 10));
      if (i == 6) {
        Position upTo = append(journal, "mark");
        entries.add("mark");
        get(journal.snapshot(upTo, RecordingReplay.snapshotOf(entries)));
      }
      get(follower.advance());
      assertBegins(entries, replay.state);
    }
    assertThat(replay.state).hasSizeGreaterThan(entries.size() / 2);
    RangeRecord before = store.record(range);
    get(journal.close());
    get(follower.take());

    assertThat(replay.state).isEqualTo(entries);
    assertThat(replay.restores).isZero();
    assertThat(store.record(range).getSnapshot()).isEqualTo(before.getSnapshot());
    assertThat(reopened(range)).isEqualTo(entries);
  }

  @Test
  void aFollowerThatBeginsAtASnapshotReplaysOnlyWhatFollows() {
    int range = newRange();
    RangeJournal journal = open(range);
    List<String> entries = appendEach(journal, "entry-", 20);
    Position upTo = append(journal, "mark");
    entries.add("mark");
    get(journal.snapshot(upTo, RecordingReplay.snapshotOf(entries)));
    entries.addAll(appendEach(journal, "after-", 5));
    RecordingReplay replay = new RecordingReplay();
    JournalFollower follower = follow(range, replay);

    assertThat(get(follower.advance())).isBetween(4L, 5L);
    get(follower.take());
    assertThat(replay.restores).isEqualTo(1);
    assertThat(replay.state).isEqualTo(entries);
  }
}
