package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SegmentHeader;
import org.tallyring.proto.internal.v1.SnapshotReference;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.coordination.RangeStore;

/**
 * Journals in memory, with the promises of {@link RangeJournals}: an owner that ends without
 * closing leaves its entries behind, a later one fences it. Records are kept in the given store as
 * by the real one. Thread-safe. Futures complete on the acknowledging executor, in order.
 */
public final class InMemoryJournals implements RangeJournals {

  static final int MAX_ENTRY_BYTES = 1 << 20;

  /** How many entries a reader gets at once. */
  private static final int PAGE = 8;

  private static final class Range {
    final TreeMap<Long, List<byte[]>> segments = new TreeMap<>();
    final Map<Long, byte[]> headers = new HashMap<>();
    final List<Runnable> heldAcks = new ArrayList<>();
    long fencedBefore;
    boolean holding;
    boolean failNext;
    boolean keepFailed;
  }

  private final Map<Integer, Range> ranges = new HashMap<>();
  private final Map<Long, List<byte[]>> snapshots = new HashMap<>();
  private final RangeStore store;
  private final Executor acks;
  private long lastLedgerId;
  private volatile boolean withoutBookies;

  /** Acknowledges each append before it returns. */
  public InMemoryJournals(RangeStore store) {
    this(store, Runnable::run);
  }

  /** Acknowledges on an executor, which has to run one task at a time. */
  public InMemoryJournals(RangeStore store, Executor acks) {
    this.store = store;
    this.acks = acks;
  }

  /**
   * Makes the next append of a range fail, and with it the journal.
   *
   * @param isInJournal whether the entry is there nevertheless
   */
  public synchronized void failNextAppend(int rangeId, boolean isInJournal) {
    Range range = range(rangeId);
    range.failNext = true;
    range.keepFailed = isInJournal;
  }

  /** Whether there are too few bookies to prepare a segment. */
  public void setWithoutBookies(boolean without) {
    withoutBookies = without;
  }

  /** Keeps acknowledgements back until {@link #releaseAcks}. Entries are in the journal already. */
  public synchronized void holdAcks(int rangeId) {
    range(rangeId).holding = true;
  }

  /** Sends the acknowledgements that were kept back, in front of all later ones. */
  public synchronized void releaseAcks(int rangeId) {
    Range range = range(rangeId);
    range.holding = false;
    List<Runnable> held = List.copyOf(range.heldAcks);
    range.heldAcks.clear();
    held.forEach(acks::execute);
  }

  /** How many entries of a range are kept. */
  public synchronized int entryCount(int rangeId) {
    return range(rangeId).segments.values().stream().mapToInt(List::size).sum();
  }

  private Range range(int rangeId) {
    return ranges.computeIfAbsent(rangeId, id -> new Range());
  }

  private synchronized long newLedgerId() {
    return ++lastLedgerId;
  }

  @Override
  public CompletableFuture<RangeJournal> open(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return follow(rangeId, owner, replay, executor).take();
  }

  @Override
  public JournalFollower follow(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return new Follower(rangeId, owner, replay, executor);
  }

  /** Entries are in the journal once they are appended, so all of them may be followed. */
  private final class Follower implements JournalFollower {

    private final int rangeId;
    private final String owner;
    private final JournalReplay replay;
    private final Executor executor;
    private UnaryOperator<RangeRecord> cleaning = UnaryOperator.identity();
    private Position reached = Position.START;
    private boolean begun;
    private long bytes;
    private long entries;

    Follower(int rangeId, String owner, JournalReplay replay, Executor executor) {
      this.rangeId = rangeId;
      this.owner = owner;
      this.replay = replay;
      this.executor = executor;
    }

    @Override
    public CompletableFuture<Long> advance() {
      return store
          .read(rangeId)
          .thenApplyAsync(
              stored -> {
                long before = entries;
                rebuild(stored.value(), 0);
                return entries - before;
              },
              executor);
    }

    @Override
    public CompletableFuture<Void> prepare() {
      return withoutBookies
          ? CompletableFuture.failedFuture(new IllegalStateException("no bookies"))
          : CompletableFuture.completedFuture(null);
    }

    @Override
    public void stop() {}

    @Override
    public CompletableFuture<RangeJournal> takeHandedOff() {
      return take();
    }

    @Override
    public CompletableFuture<RangeJournal> take() {
      return OwnedRecord.claim(store, rangeId, owner)
          .thenApplyAsync(
              record -> {
                rebuild(record.value(), record.epoch());
                long number = JournalLayout.nextSegmentNumber(record.value());
                return new Journal(rangeId, record, number, cleaning, bytes);
              },
              executor)
          .thenCompose(journal -> journal.publish());
    }

    private void rebuild(RangeRecord value, long fencedBefore) {
      TreeMap<Long, List<byte[]>> segments = new TreeMap<>();
      synchronized (InMemoryJournals.this) {
        Range range = range(rangeId);
        range.fencedBefore = Math.max(range.fencedBefore, fencedBefore);
        range.segments.forEach((number, kept) -> segments.put(number, List.copyOf(kept)));
      }
      if (!begun) {
        begun = true;
        begin(value);
      }
      if (value.getSegmentsCount() > 0
          && value.getSegments(0).getNumber() > reached.segment() + 1) {
        throw new IllegalStateException("what comes next has been dropped");
      }
      for (Map.Entry<Long, List<byte[]>> segment : segments.entrySet()) {
        for (int i = 0; i < segment.getValue().size(); i++) {
          Position position = new Position(segment.getKey(), i + 1L);
          if (position.compareTo(reached) > 0) {
            byte[] entry = segment.getValue().get(i);
            bytes += entry.length;
            entries++;
            reached = position;
            replay.replay(position, entry);
          }
        }
      }
    }

    private void begin(RangeRecord value) {
      List<SnapshotReference> candidates = new ArrayList<>();
      if (value.hasSnapshot()) {
        candidates.add(value.getSnapshot());
      }
      if (value.hasPreviousSnapshot()) {
        candidates.add(value.getPreviousSnapshot());
      }
      Optional<SnapshotReference> restored = restore(candidates, replay);
      if (restored.isEmpty() && !candidates.isEmpty() && value.getSegments(0).getNumber() > 1) {
        throw new IllegalStateException("no snapshot can be read");
      }
      // A snapshot that is newer than the first look is not one that could not be read.
      cleaning =
          range ->
              range.getSnapshot().equals(value.getSnapshot())
                  ? JournalLayout.withoutUnreadableSnapshots(range, restored)
                  : range;
      reached =
          restored.map(s -> new Position(s.getSegment(), s.getEntry())).orElse(Position.START);
    }
  }

  private Optional<SnapshotReference> restore(
      List<SnapshotReference> candidates, JournalReplay replay) {
    for (SnapshotReference candidate : candidates) {
      List<byte[]> chunks;
      synchronized (this) {
        chunks = snapshots.getOrDefault(candidate.getLedgerId(), List.of());
      }
      if (checksum(chunks) == candidate.getCrc32C()) {
        replay.restore(chunks);
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static int checksum(List<byte[]> chunks) {
    CRC32C checksum = new CRC32C();
    chunks.forEach(checksum::update);
    return (int) checksum.getValue();
  }

  @Override
  public CompletableFuture<StoredJournal> stored(int rangeId) {
    return store.read(rangeId).thenApply(stored -> new Stored(rangeId, stored.value()));
  }

  /** Changes a chunk of a range's newest snapshot, and the record's checksum with it. */
  public synchronized void tamperSnapshot(
      InMemoryRangeStore records, int rangeId, UnaryOperator<byte[]> change) {
    long ledgerId = records.record(rangeId).getSnapshot().getLedgerId();
    List<byte[]> chunks =
        Objects.requireNonNull(snapshots.get(ledgerId)).stream().map(change).toList();
    snapshots.put(ledgerId, chunks);
    records.tamper(
        rangeId,
        record -> {
          RangeRecord.Builder changed = record.toBuilder();
          changed.getSnapshotBuilder().setCrc32C(checksum(chunks));
          return changed.build();
        });
  }

  @Override
  public void close() {}

  /** Gives a few entries at a time, so that readers have to ask again. */
  private final class Stored implements StoredJournal {

    private final int rangeId;
    private final RangeRecord record;

    Stored(int rangeId, RangeRecord record) {
      this.rangeId = rangeId;
      this.record = record;
    }

    @Override
    public Position beginning() {
      return JournalLayout.beginning(record);
    }

    @Override
    public List<Position> snapshots() {
      return JournalLayout.snapshots(record).stream().map(this::position).toList();
    }

    private Position position(SnapshotReference snapshot) {
      return new Position(snapshot.getSegment(), snapshot.getEntry());
    }

    @Override
    public CompletableFuture<List<byte[]>> snapshot(Position position) {
      SnapshotReference reference =
          JournalLayout.snapshots(record).stream()
              .filter(each -> position(each).equals(position))
              .findFirst()
              .orElseThrow();
      synchronized (InMemoryJournals.this) {
        List<byte[]> chunks = snapshots.get(reference.getLedgerId());
        return chunks != null && checksum(chunks) == reference.getCrc32C()
            ? CompletableFuture.completedFuture(chunks)
            : CompletableFuture.failedFuture(new IllegalStateException("no such snapshot"));
      }
    }

    @Override
    public CompletableFuture<List<StoredEntry>> after(Position position, Position upTo) {
      long first = record.getSegmentsCount() == 0 ? 0 : record.getSegments(0).getNumber();
      if (position.segment() + 1 < first && position.compareTo(upTo) < 0) {
        return CompletableFuture.failedFuture(new IllegalStateException("kept no more"));
      }
      List<StoredEntry> page = new ArrayList<>();
      synchronized (InMemoryJournals.this) {
        Range range = range(rangeId);
        for (JournalSegment segment : record.getSegmentsList()) {
          long number = segment.getNumber();
          List<byte[]> entries = range.segments.getOrDefault(number, List.of());
          for (int i = 0; i <= entries.size() && page.size() < PAGE; i++) {
            Position next = new Position(number, i);
            if (next.compareTo(position) > 0 && next.compareTo(upTo) <= 0) {
              byte[] bytes =
                  i == 0 ? Objects.requireNonNull(range.headers.get(number)) : entries.get(i - 1);
              page.add(new StoredEntry(next, bytes));
            }
          }
        }
      }
      return CompletableFuture.completedFuture(page);
    }

    @Override
    public void close() {}
  }

  private final class Journal implements RangeJournal {

    private final int rangeId;
    private final OwnedRecord record;
    private final long number;
    private final UnaryOperator<RangeRecord> cleaning;
    private long bytes;
    private boolean ended;

    Journal(
        int rangeId,
        OwnedRecord record,
        long number,
        UnaryOperator<RangeRecord> cleaning,
        long bytes) {
      this.rangeId = rangeId;
      this.record = record;
      this.number = number;
      this.cleaning = cleaning;
      this.bytes = bytes;
    }

    CompletableFuture<RangeJournal> publish() {
      long ledgerId = newLedgerId();
      SegmentHeader header =
          SegmentHeader.newBuilder()
              .setRangeId(rangeId)
              .setEpoch(record.epoch())
              .setOwner(record.value().getOwner())
              .build();
      synchronized (InMemoryJournals.this) {
        range(rangeId)
            .headers
            .put(number, JournalEntry.newBuilder().setHeader(header).build().toByteArray());
      }
      return record
          .change(
              range ->
                  JournalLayout.withSegment(
                      cleaning.apply(range).toBuilder().setServing(true).build(), ledgerId, 0))
          .thenApply(range -> this);
    }

    @Override
    public long epoch() {
      return record.epoch();
    }

    @Override
    public int maxEntryBytes() {
      return MAX_ENTRY_BYTES;
    }

    @Override
    public CompletableFuture<Position> append(EntryBytes appended) {
      byte[] entry = StoredBytes.of(appended);
      checkSize("entry", entry);
      CompletableFuture<Position> done = new CompletableFuture<>();
      Runnable ack;
      synchronized (InMemoryJournals.this) {
        Range range = range(rangeId);
        boolean alive = !ended && record.epoch() >= range.fencedBefore;
        boolean stored = alive && (!range.failNext || range.keepFailed);
        ended |= !alive || range.failNext;
        if (alive) {
          range.failNext = false;
        }
        if (stored) {
          List<byte[]> segment = range.segments.computeIfAbsent(number, n -> new ArrayList<>());
          segment.add(entry);
          bytes += entry.length;
        }
        List<byte[]> segment = range.segments.getOrDefault(number, List.of());
        Position position = new Position(number, segment.size());
        boolean failed = ended;
        ack = () -> answer(done, position, failed);
        if (range.holding) {
          range.heldAcks.add(ack);
          return done;
        }
      }
      acks.execute(ack);
      return done;
    }

    /** A fence that came while an acknowledgement was kept back leaves the entry in doubt. */
    private void answer(CompletableFuture<Position> done, Position position, boolean failed) {
      boolean lost;
      boolean fenced;
      synchronized (InMemoryJournals.this) {
        fenced = record.epoch() < range(rangeId).fencedBefore;
        ended |= fenced;
        lost = failed || ended;
      }
      if (lost) {
        String message = "Range " + rangeId + " is lost";
        done.completeExceptionally(
            fenced
                ? JournalLostException.fenced(message, null)
                : new JournalLostException(message));
      } else {
        done.complete(position);
      }
    }

    @Override
    public CompletableFuture<Void> snapshot(Position upTo, List<byte[]> chunks) {
      chunks.forEach(chunk -> checkSize("chunk", chunk));
      long ledgerId = newLedgerId();
      long bytesBefore;
      synchronized (InMemoryJournals.this) {
        snapshots.put(ledgerId, chunks.stream().map(byte[]::clone).toList());
        bytesBefore = bytes;
      }
      SnapshotReference reference =
          SnapshotReference.newBuilder()
              .setLedgerId(ledgerId)
              .setSegment(upTo.segment())
              .setEntry(upTo.entry())
              .setCrc32C(checksum(chunks))
              .setByteSize(chunks.stream().mapToLong(chunk -> chunk.length).sum())
              .build();
      return record
          .change(range -> JournalLayout.withSnapshot(range, reference, JournalLayout.KEEP_NOTHING))
          .thenCompose(
              range -> {
                synchronized (InMemoryJournals.this) {
                  bytes -= bytesBefore;
                  range.getGarbageLedgerIdsList().forEach(snapshots::remove);
                  range(rangeId).segments.headMap(range.getSegments(0).getNumber()).clear();
                }
                return record.change(
                    named -> JournalLayout.withoutGarbage(named, range.getGarbageLedgerIdsList()));
              })
          .thenApply(done -> null);
    }

    @Override
    public long bytesSinceSnapshot() {
      synchronized (InMemoryJournals.this) {
        return bytes;
      }
    }

    @Override
    public JournalHealth health() {
      synchronized (InMemoryJournals.this) {
        boolean lost = ended || record.epoch() < range(rangeId).fencedBefore;
        return lost
            ? new JournalHealth(JournalHealth.State.LOST, 0)
            : new JournalHealth(JournalHealth.State.OK, 1);
      }
    }

    @Override
    public CompletableFuture<Void> close() {
      synchronized (InMemoryJournals.this) {
        // Acknowledgements kept back are answered as written: the real journal waits for them.
        Range range = range(rangeId);
        if (!ended && !range.heldAcks.isEmpty()) {
          CompletableFuture<Void> closed = new CompletableFuture<>();
          range.heldAcks.add(() -> close().thenRun(() -> closed.complete(null)));
          return closed;
        }
        ended = true;
      }
      return CompletableFuture.completedFuture(null);
    }

    private void checkSize(String name, byte[] bytes) {
      if (bytes.length > maxEntryBytes()) {
        throw new IllegalArgumentException(
            "%s: %d bytes (expected: at most %d)".formatted(name, bytes.length, maxEntryBytes()));
      }
    }
  }
}
