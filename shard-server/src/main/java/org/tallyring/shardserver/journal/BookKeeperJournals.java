package org.tallyring.shardserver.journal;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import org.apache.bookkeeper.client.BookKeeper;
import org.apache.bookkeeper.client.api.BKException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.journal.JournalRecovery.Recovered;

/**
 * The journals of all ranges on BookKeeper.
 *
 * <p>Taking a range is five steps, of which the fourth runs beside the second and third:
 *
 * <ol>
 *   <li>raise the epoch in the record, so that no earlier owner can change it any more;
 *   <li>open every segment with recovery, so that no earlier owner can append any more;
 *   <li>restore the newest readable snapshot and replay what follows it;
 *   <li>make a ledger with a header, which nobody knows of yet;
 *   <li>name it in the record as the last segment, and this owner as serving.
 * </ol>
 *
 * <p>The order of 1, 2 and 3 is what makes the replay complete: after 2 no entry can be
 * acknowledged to anybody, and after 1 none can be in a ledger that the record does not name.
 * Between 1 and 5 the record changes only by another owner's step 1, which makes 5 fail.
 *
 * <p>A range that its owner has handed off and whose journal was followed is taken in one change of
 * the record, see {@link JournalFollower#takeHandedOff}.
 *
 * <p>No thread waits anywhere here. Costs of an open, beside the replay: three operations on the
 * record and one new ledger, so that many ranges can be opened at once.
 */
public final class BookKeeperJournals implements RangeJournals {

  private static final Logger log = LoggerFactory.getLogger(BookKeeperJournals.class);

  /** Enough to keep a bookie and the loops busy. */
  private static final int REPLAYS_AT_ONCE = 8;

  private final JournalSettings settings;
  private final RangeStore store;
  private final InstantSource clock;
  private final BookKeeper client;
  private final Ledgers ledgers;
  private final Bookies bookies;
  private final Turns replays = new Turns(REPLAYS_AT_ONCE);
  private final Set<BookKeeperJournal> journals = ConcurrentHashMap.newKeySet();
  private final LongAdder appendedBytes = new LongAdder();

  private BookKeeperJournals(
      JournalSettings settings, RangeStore store, InstantSource clock, BookKeeper client) {
    this.settings = settings;
    this.store = store;
    this.clock = clock;
    this.client = client;
    this.ledgers = new Ledgers(client, settings.cluster());
    this.bookies =
        new Bookies(
            client.getMetadataClientDriver().getRegistrationClient(),
            settings.singleMachine(),
            () -> journals.forEach(BookKeeperJournal::bookiesChanged));
  }

  /** On the engines of others, with records of its own. */
  private BookKeeperJournals(BookKeeperJournals others, RangeStore store) {
    this.settings = others.settings;
    this.store = store;
    this.clock = others.clock;
    this.client = others.client;
    this.ledgers = others.ledgers;
    this.bookies = others.bookies;
  }

  /**
   * Connects to the bookies. Blocks until it knows which there are; there may be none yet.
   *
   * @param store where the ranges' records are
   * @throws IllegalStateException if the bookies' metadata cannot be reached, for instance because
   *     no bookie has ever been started
   */
  public static BookKeeperJournals connect(JournalSettings settings, RangeStore store) {
    return connect(settings, store, InstantSource.system());
  }

  /** As {@link #connect(JournalSettings, RangeStore)}, with a clock that retention goes by. */
  static BookKeeperJournals connect(
      JournalSettings settings, RangeStore store, InstantSource clock) {
    BookKeeperJournals journals =
        new BookKeeperJournals(settings, store, clock, BookKeeperClient.connect(settings));
    journals.bookies.start().join();
    return journals;
  }

  @Override
  public CompletableFuture<RangeJournal> open(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return new Follower(rangeId, owner, replay, executor).take();
  }

  @Override
  public JournalFollower follow(
      int rangeId, String owner, JournalReplay replay, Executor executor) {
    return new Follower(rangeId, owner, replay, executor);
  }

  /** The way to a journal, whether it begins with following or with taking. */
  private final class Follower implements JournalFollower {

    private final int rangeId;
    private final String owner;
    private final JournalRecovery recovery;
    private @Nullable PreparedSegment spare;
    private boolean ended;

    Follower(int rangeId, String owner, JournalReplay replay, Executor executor) {
      this.rangeId = rangeId;
      this.owner = owner;
      this.recovery =
          new JournalRecovery(
              ledgers, settings.replayChunkBytes(), rangeId, replay, executor, replays);
    }

    @Override
    public CompletableFuture<Long> advance() {
      return store.read(rangeId).thenCompose(stored -> recovery.advance(stored.value()));
    }

    @Override
    public CompletableFuture<Void> prepare() {
      return store
          .read(rangeId)
          .thenCompose(stored -> newSegment(stored.value().getEpoch() + 1))
          .thenAccept(this::keep);
    }

    private CompletableFuture<PreparedSegment> newSegment(long epoch) {
      return PreparedSegment.prepare(ledgers, bookies, rangeId, owner, epoch);
    }

    private synchronized void keep(PreparedSegment prepared) {
      if (ended || spare != null) {
        discard(prepared);
      } else {
        spare = prepared;
      }
    }

    private synchronized @Nullable PreparedSegment end() {
      PreparedSegment kept = spare;
      spare = null;
      ended = true;
      return kept;
    }

    private void discard(PreparedSegment prepared) {
      Garbage.discard(ledgers, rangeId, prepared.ledger().getId());
    }

    @Override
    public void stop() {
      PreparedSegment kept = end();
      if (kept != null) {
        discard(kept);
      }
    }

    @Override
    public CompletableFuture<RangeJournal> take() {
      PreparedSegment kept = end();
      return OwnedRecord.claim(store, rangeId, owner)
          .whenComplete(
              (record, failure) -> {
                if (kept != null && (failure != null || record.epoch() != kept.epoch())) {
                  discard(kept);
                }
              })
          .thenCompose(
              record ->
                  take(
                      record,
                      kept != null && record.epoch() == kept.epoch()
                          ? CompletableFuture.completedFuture(kept)
                          : newSegment(record.epoch())));
    }

    private CompletableFuture<RangeJournal> take(
        OwnedRecord record, CompletableFuture<PreparedSegment> prepared) {
      Begun begun = new Begun(record);
      CompletableFuture<Recovered> recovered = recovery.run(record.value());
      return CompletableFuture.allOf(prepared, recovered)
          .whenComplete(
              (both, failure) -> {
                if (failure != null && !prepared.isCompletedExceptionally()) {
                  discard(prepared.join());
                }
              })
          .thenCompose(
              both ->
                  begun.segments.publish(
                      prepared.join(),
                      range ->
                          recovered.join().cleaned(range).toBuilder().setServing(true).build()))
          .thenApply(segment -> begun.journal(segment, recovered.join()));
    }

    /**
     * {@inheritDoc}
     *
     * <p>That the record names the new segment before the others are fenced does no harm: nothing
     * is written to it before they are and have been replayed, and whoever takes the range
     * meanwhile ends and replays all of them. What is of no use in the record stays there until the
     * next owner.
     */
    @Override
    public CompletableFuture<RangeJournal> takeHandedOff() {
      PreparedSegment kept = end();
      if (kept == null) {
        return take();
      }
      long ledgerId = kept.ledger().getId();
      return OwnedRecord.claim(
              store,
              rangeId,
              owner,
              range ->
                  range.getEpoch() == kept.epoch()
                      ? JournalLayout.withSegment(range, ledgerId, clock.millis()).toBuilder()
                          .setServing(true)
                          .build()
                      : range)
          .whenComplete(
              (record, failure) -> {
                if (failure != null) {
                  discardIfUnnamed(kept, failure);
                }
              })
          .thenCompose(
              record -> {
                if (record.epoch() != kept.epoch()) {
                  discard(kept);
                  return take(record, newSegment(record.epoch()));
                }
                Begun begun = new Begun(record);
                return recovery
                    .run(JournalLayout.withoutSegment(record.value(), ledgerId))
                    .thenApply(
                        recovered ->
                            begun.journal(
                                new Segment(
                                    JournalLayout.segmentNumber(record.value(), ledgerId),
                                    kept.ledger(),
                                    kept.quorum()),
                                recovered));
              });
    }

    /** The claim may have been made although its answer says otherwise. */
    private void discardIfUnnamed(PreparedSegment prepared, Throwable cause) {
      Garbage.discardIfUnnamed(
          ledgers,
          store,
          rangeId,
          prepared.ledger().getId(),
          stored -> stored.getEpoch() >= prepared.epoch(),
          cause);
    }

    /** What goes with a claim. */
    private final class Begun {
      private final OwnedRecord record;
      private final Garbage garbage;
      private final SegmentStart segments;

      Begun(OwnedRecord record) {
        this.record = record;
        garbage = new Garbage(ledgers, store, rangeId, record);
        segments = new SegmentStart(ledgers, bookies, rangeId, record, garbage, clock);
      }

      RangeJournal journal(Segment first, Recovered recovered) {
        BookKeeperJournal journal =
            new BookKeeperJournal(
                settings,
                ledgers,
                bookies,
                segments,
                garbage,
                record,
                rangeId,
                first,
                recovered.bytes(),
                clock,
                appendedBytes,
                journals::remove);
        journals.add(journal);
        garbage.collect();
        return journal;
      }
    }
  }

  @Override
  public CompletableFuture<StoredJournal> stored(int rangeId) {
    return store
        .read(rangeId)
        .thenApply(
            stored ->
                new StoredLedgers(ledgers, settings.replayChunkBytes(), rangeId, stored.value()));
  }

  /** Where named snapshots are stored, on the same bookies. */
  public SnapshotArchive archive() {
    return new BookKeeperArchive(ledgers, bookies, settings.replayChunkBytes());
  }

  /** The same for ranges that nobody else knows of; to be closed before these are. */
  public RangeJournals forRehearsal() {
    RehearsalRecords records = new RehearsalRecords();
    return new RehearsalJournals(new BookKeeperJournals(this, records), records, ledgers);
  }

  /** Counts the bytes of the entries that all of these journals appended so far. */
  public void register(MeterRegistry registry) {
    FunctionCounter.builder("tallyring.journal.appended.bytes", appendedBytes, LongAdder::sum)
        .description("Bytes of entries appended to journals, each counted once")
        .register(registry);
  }

  /** Disconnects. Journals that are still open are lost. */
  @Override
  public void close() {
    bookies.close();
    try {
      client.close();
    } catch (BKException e) {
      log.info("The bookies' client did not close cleanly: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
