package org.tallyring.shardserver.journal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.bookkeeper.client.api.BKException;
import org.apache.bookkeeper.client.api.WriteHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * A journal on BookKeeper ledgers.
 *
 * <p><b>Rolling.</b> When the segment is full, or when bookies came back and entries could be kept
 * better, the next segment is made while entries still go to the present one: its ledger, its
 * header, its place in the record. Then {@link AppendQueue#switchTo} holds entries back for as long
 * as the last ones of the old segment need, which is all that an appender notices. A roll that
 * fails leaves the journal in its old segment and is tried again some bytes later, so an outage of
 * ZooKeeper does not stop appends. From the roll's compare-and-set on, two segments may be open; a
 * recovery ends both.
 *
 * <p><b>Failures.</b> The loss of one bookie of an ensemble is mended by BookKeeper with a spare
 * one. Where there is none, the append fails and the journal is lost, as {@link AppendQueue}
 * argues; opening it again then takes the quorum that the remaining bookies allow.
 */
final class BookKeeperJournal implements RangeJournal {

  private static final Logger log = LoggerFactory.getLogger(BookKeeperJournal.class);

  /** The part of a segment after which a failed roll is tried again. */
  private static final int ROLL_RETRY_FRACTION = 8;

  private final JournalSettings settings;
  private final Ledgers ledgers;
  private final Bookies bookies;
  private final SegmentStart segments;
  private final Garbage garbage;
  private final OwnedRecord record;
  private final int rangeId;
  private final InstantSource clock;
  private final LongAdder appendedBytes;
  private final Consumer<BookKeeperJournal> onEnd;
  private final AppendQueue queue;
  private final AtomicBoolean rolling = new AtomicBoolean();
  private final AtomicBoolean snapshotting = new AtomicBoolean();
  private volatile long rollAtBytes;

  /** What {@link #bytesSinceSnapshot} has beyond the queue's bytes; negative after a snapshot. */
  private volatile long bytesOffset;

  BookKeeperJournal(
      JournalSettings settings,
      Ledgers ledgers,
      Bookies bookies,
      SegmentStart segments,
      Garbage garbage,
      OwnedRecord record,
      int rangeId,
      Segment first,
      long replayedBytes,
      InstantSource clock,
      LongAdder appendedBytes,
      Consumer<BookKeeperJournal> onEnd) {
    this.settings = settings;
    this.ledgers = ledgers;
    this.bookies = bookies;
    this.segments = segments;
    this.garbage = garbage;
    this.record = record;
    this.rangeId = rangeId;
    this.clock = clock;
    this.appendedBytes = appendedBytes;
    this.onEnd = onEnd;
    this.queue = new AppendQueue(first, this::lost);
    this.rollAtBytes = settings.rollBytes();
    this.bytesOffset = replayedBytes;
  }

  @Override
  public long epoch() {
    return record.epoch();
  }

  @Override
  public int maxEntryBytes() {
    return settings.maxEntryBytes();
  }

  @Override
  public CompletableFuture<Position> append(EntryBytes entry) {
    int size = entry.size();
    checkSize("entry", size);
    CompletableFuture<Position> appended = queue.append(written(entry, size));
    appendedBytes.add(size);
    if (queue.segmentBytes() >= rollAtBytes) {
      roll();
    }
    return appended;
  }

  /** In memory that BookKeeper gives back to the pool when all copies are answered for. */
  private static ByteBuf written(EntryBytes entry, int size) {
    ByteBuf bytes = PooledByteBufAllocator.DEFAULT.directBuffer(size, size);
    try {
      entry.writeTo(bytes.internalNioBuffer(0, size));
      return bytes.writerIndex(size);
    } catch (RuntimeException | Error failure) {
      bytes.release();
      throw failure;
    }
  }

  @Override
  public long bytesSinceSnapshot() {
    return bytesOffset + queue.bytes();
  }

  @Override
  public JournalHealth health() {
    JournalState state = queue.state();
    if (state != JournalState.OPEN && state != JournalState.SWITCHING) {
      return new JournalHealth(JournalHealth.State.LOST, 0);
    }
    Quorum quorum = queue.segment().quorum();
    return new JournalHealth(
        bookies.suffices(quorum) ? JournalHealth.State.OK : JournalHealth.State.DEGRADED,
        quorum.copies());
  }

  /** Rolls when the bookies that there are now allow more copies than the present segment has. */
  void bookiesChanged() {
    int copies = queue.segment().quorum().copies();
    if (bookies.quorum().filter(better -> better.copies() > copies).isPresent()) {
      roll();
    }
  }

  private void roll() {
    if (queue.state() != JournalState.OPEN || !rolling.compareAndSet(false, true)) {
      return;
    }
    segments
        .prepare()
        .thenCompose(next -> segments.publish(next, UnaryOperator.identity()))
        .whenComplete(
            (next, failure) -> {
              if (failure != null) {
                rollFailed(unwrap(failure));
              } else {
                switchTo(next);
              }
            });
  }

  private void switchTo(Segment next) {
    Segment old = queue.segment();
    boolean begun =
        queue.switchTo(
            next,
            () -> {
              rollAtBytes = settings.rollBytes();
              rolling.set(false);
              end(old);
            });
    if (!begun) {
      end(next);
    }
  }

  private void rollFailed(Throwable failure) {
    if (failure instanceof JournalLostException) {
      queue.lose(failure);
      return;
    }
    rollAtBytes = queue.segmentBytes() + settings.rollBytes() / ROLL_RETRY_FRACTION;
    rolling.set(false);
    log.warn(
        "Range {}: no new segment could be begun; the journal goes on in the present one: {}",
        rangeId,
        failure.toString());
  }

  /** A segment that cannot be ended now is ended by the next owner's recovery. */
  private void end(Segment segment) {
    segment
        .ledger()
        .closeAsync()
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.debug("Range {}: segment {} not ended", rangeId, segment.number(), failure);
              }
            });
  }

  @Override
  public CompletableFuture<Void> snapshot(Position upTo, List<byte[]> chunks) {
    chunks.forEach(chunk -> checkSize("chunk", chunk.length));
    if (upTo.compareTo(JournalLayout.snapshotPosition(record.value())) < 0) {
      throw new IllegalArgumentException(
          "upTo: %s (expected: not before the newest snapshot's)".formatted(upTo));
    }
    if (queue.state().isFinal()) {
      return CompletableFuture.failedFuture(
          new JournalLostException("Range %d: no snapshot of a lost journal".formatted(rangeId)));
    }
    Quorum quorum = bookies.quorum().orElse(queue.segment().quorum());
    if (!snapshotting.compareAndSet(false, true)) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("snapshot: under way (expected: one at a time)"));
    }
    long bytesBefore = queue.bytes();
    return ledgers
        .create(Ledgers.Kind.SNAPSHOT, rangeId, record.epoch(), quorum)
        .thenCompose(ledger -> write(ledger, upTo, chunks))
        .thenCompose(this::publish)
        .thenRun(() -> bytesOffset = -bytesBefore)
        .thenCompose(published -> garbage.collect())
        .whenComplete(
            (done, failure) -> {
              snapshotting.set(false);
              if (failure != null && unwrap(failure) instanceof JournalLostException lost) {
                queue.lose(lost);
              }
            });
  }

  private CompletableFuture<SnapshotReference> write(
      WriteHandle ledger, Position upTo, List<byte[]> chunks) {
    return SnapshotLedger.write(ledger, upTo, chunks)
        .whenComplete(
            (written, failure) -> {
              if (failure != null) {
                garbage.discard(ledger.getId());
              }
            });
  }

  private CompletableFuture<?> publish(SnapshotReference snapshot) {
    long keepFrom =
        settings.retention().isZero()
            ? JournalLayout.KEEP_NOTHING
            : clock.millis() - settings.retention().toMillis();
    return record
        .change(range -> JournalLayout.withSnapshot(range, snapshot, keepFrom))
        .whenComplete(
            (published, failure) -> {
              if (failure != null) {
                garbage.discardIfUnnamed(snapshot.getLedgerId(), failure);
              }
            });
  }

  @Override
  public CompletableFuture<Void> close() {
    return queue
        .drain()
        .thenCompose(
            drained ->
                queue.state() == JournalState.CLOSING
                    ? queue.segment().ledger().closeAsync().thenRun(queue::closed)
                    : CompletableFuture.completedFuture(null))
        .whenComplete((closed, failure) -> onEnd.accept(this));
  }

  /** What BookKeeper logs of a fenced writer is a page of stack traces; this line replaces it. */
  private void lost(Throwable cause) {
    onEnd.accept(this);
    if (Ledgers.isFenced(cause)) {
      log.info(
          "Range {}: epoch {} has ended, its segment was fenced by another owner or by the bookies'"
              + " repair",
          rangeId,
          epoch());
    } else if (cause instanceof JournalLostException) {
      log.info("Range {}: epoch {} has ended: {}", rangeId, epoch(), cause.getMessage());
    } else if (Ledgers.code(cause) == BKException.Code.NotEnoughBookiesException) {
      log.warn(
          "Range {}: journal lost at epoch {}, no bookie can replace a failed one; there are {}",
          rangeId,
          epoch(),
          bookies.describe());
    } else {
      log.warn("Range {}: journal lost at epoch {}: {}", rangeId, epoch(), cause.toString());
    }
  }

  private void checkSize(String name, int bytes) {
    if (bytes > maxEntryBytes()) {
      throw new IllegalArgumentException(
          "%s: %d bytes (expected: at most %d)".formatted(name, bytes, maxEntryBytes()));
    }
  }

  private static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
