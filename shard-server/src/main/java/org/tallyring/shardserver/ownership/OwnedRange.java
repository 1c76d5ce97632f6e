package org.tallyring.shardserver.ownership;

import com.google.protobuf.InvalidProtocolBufferException;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.shardserver.engine.PublishedRankings;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.engine.SnapshotCut;
import org.tallyring.shardserver.journal.JournalFollower;
import org.tallyring.shardserver.journal.JournalHealth;
import org.tallyring.shardserver.journal.JournalLostException;
import org.tallyring.shardserver.journal.JournalReplay;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.topology.range.RangeTable;

/**
 * One tenure of one range on this shard: from following or taking its journal to giving it up or
 * losing it. A lost or released range is never revived; the next tenure is another object.
 *
 * <p>Public methods may be called from any thread and do their work on the range's loop; the fields
 * belong to the loop, but for {@link #state} and {@link #journal}, which anybody may look at.
 */
public final class OwnedRange implements EventSource {

  private static final Logger log = LoggerFactory.getLogger(OwnedRange.class);

  private final int rangeId;
  private final String shardId;
  private final RangeTable table;
  private final InstantSource clock;
  private final Executor loop;
  private final Executor replayer;
  private final SnapshotTurns snapshotTurns;
  private final InFlightBudget budget;
  private final ShardMeters meters;
  private final Consumer<OwnedRange> onLost;
  private final Questions questions;
  private final EventListeners eventListeners = new EventListeners();
  private final SnapshotSchedule snapshots;

  private volatile RangeState state = RangeState.RECOVERING;
  private RangeEngine engine;
  private @Nullable JournalFollower follower;
  private volatile @Nullable RangeJournal journal;
  private @Nullable RangeIntake intake;

  private @Nullable RangeAccounts accounts;
  private @Nullable RangeUsage usage;
  private Position applied = Position.START;

  /** Completes when the journal is open, or will not be. */
  private CompletableFuture<Void> opening = CompletableFuture.completedFuture(null);

  OwnedRange(
      int rangeId,
      String shardId,
      RangeTable table,
      RangeSettings settings,
      InstantSource clock,
      Executor loop,
      Executor replayer,
      SnapshotTurns snapshotTurns,
      InFlightBudget budget,
      ShardMeters meters,
      Consumer<OwnedRange> onLost) {
    this.rangeId = rangeId;
    this.shardId = shardId;
    this.table = table;
    this.clock = clock;
    this.loop = loop;
    this.replayer = replayer;
    this.snapshotTurns = snapshotTurns;
    this.budget = budget;
    this.meters = meters;
    this.onLost = onLost;
    this.engine = new RangeEngine(rangeId);
    this.questions = new Questions(loop);
    this.snapshots =
        new SnapshotSchedule(
            rangeId,
            settings,
            clock,
            loop,
            snapshotTurns,
            meters,
            () -> state == RangeState.SERVING);
  }

  /** The range's number. */
  public int rangeId() {
    return rangeId;
  }

  /** The present state; a moment later it can be another. */
  public RangeState state() {
    return state;
  }

  /** The epoch of this tenure; 0 while it is not known yet. */
  public long epoch() {
    RangeJournal open = journal;
    return open == null ? 0 : open.epoch();
  }

  /**
   * The questions that go on being answered after a loss that nobody else caused, for the next
   * tenure to answer until it serves; null when there are none.
   */
  @Nullable RangeQueries queriesLeft() {
    return state == RangeState.LOST ? questions.present() : null;
  }

  /** The epoch of the tenure that is read from; 0 when nothing is answered. */
  long readEpoch() {
    RangeQueries open = questions.present();
    return open == null ? 0 : open.epoch();
  }

  /** Whether new entries get fewer copies than there should be. */
  public boolean isDegraded() {
    RangeJournal open = journal;
    return open != null && open.health().state() == JournalHealth.State.DEGRADED;
  }

  /**
   * Takes the journal and serves. Completes when serving, or exceptionally when lost; if released
   * meanwhile, when the journal is closed again.
   */
  CompletableFuture<Void> open(RangeJournals journals) {
    opening =
        serveWhenOpen(
            rankedBeforehand(journals.open(rangeId, shardId, new Rebuild(), replayer)),
            Optional.empty());
    return opening;
  }

  /** Begins as one that another shard serves; in place of {@link #open}. */
  void follow(RangeJournals journals) {
    state = RangeState.FOLLOWING;
    follower = journals.follow(rangeId, shardId, new Rebuild(), replayer);
  }

  /**
   * Takes the journal again of a range that this shard had, lost for want of bookies and has not
   * ceased to own; in place of {@link #open}. Until it serves, or ends, what the tenure before had
   * applied is answered from.
   *
   * <p>That is all that was ever acknowledged, so no read goes back. The record keeps saying that
   * this shard serves the range until a new segment is there to name in it: so nobody takes the
   * range without asking this shard first, just as if it had never stopped taking increments.
   *
   * @param before the questions to the tenure before
   * @return completes as {@link #open} does, or fails when no segment could be prepared
   */
  CompletableFuture<Void> reopen(RangeJournals journals, RangeQueries before) {
    questions.borrow(before);
    state = RangeState.FOLLOWING;
    JournalFollower open = journals.follow(rangeId, shardId, new Rebuild(), replayer);
    follower = open;
    return open.prepare()
        .handleAsync(
            (prepared, failure) -> {
              if (state != RangeState.FOLLOWING) {
                return opening;
              }
              if (failure != null) {
                lost(failure);
                throw new IllegalStateException("range " + rangeId + ": not prepared", failure);
              }
              state = state.to(RangeState.RECOVERING);
              opening = serveWhenOpen(open.takeHandedOff(), Optional.empty());
              return opening;
            },
            loop)
        .thenCompose(Function.identity());
  }

  /** Replays what the owner has appended since; completes with how many entries that were. */
  CompletableFuture<Long> advance() {
    return rankedBeforehand(followed().advance());
  }

  /** The loop, on which others wait, is spared the first ranking. */
  private <T> CompletableFuture<T> rankedBeforehand(CompletableFuture<T> rebuilt) {
    return rebuilt.thenApplyAsync(
        result -> {
          RangeQueries.prepare(engine, clock);
          return result;
        },
        replayer);
  }

  /** Makes beforehand what {@link #take} would have to wait for. */
  CompletableFuture<Void> prepare() {
    return followed().prepare();
  }

  /**
   * Takes the journal that was followed, and serves. On the loop, while nothing else is asked of
   * the journal. Completes as {@link #open} does.
   *
   * @param handedOff what the owner before left, if that is known
   */
  CompletableFuture<Void> take(Optional<HandedOff> handedOff) {
    state = state.to(RangeState.RECOVERING);
    JournalFollower open = followed();
    opening = serveWhenOpen(handedOff.isPresent() ? open.takeHandedOff() : open.take(), handedOff);
    return opening;
  }

  private JournalFollower followed() {
    return Objects.requireNonNull(follower, "follower");
  }

  private CompletableFuture<Void> serveWhenOpen(
      CompletableFuture<RangeJournal> open, Optional<HandedOff> handedOff) {
    return open.handleAsync(
            (opened, failure) -> {
              if (failure != null) {
                lost(failure);
                throw new IllegalStateException("range " + rangeId + ": not opened", failure);
              }
              journal = opened;
              try {
                handedOff.ifPresent(
                    left -> left.requireFound(rangeId, opened.epoch(), engine.increments()));
              } catch (IllegalStateException defect) {
                log.error("{}", defect.getMessage());
                lost(defect);
                throw defect;
              }
              return serve(opened);
            },
            loop)
        .thenCompose(Function.identity());
  }

  /**
   * Rebuilds the engine from what the journal holds. Beside the loop, on which other ranges are
   * served meanwhile; the loop has the engine when the journal is open, and does not touch it
   * before.
   */
  private final class Rebuild implements JournalReplay {
    @Override
    public void restore(List<byte[]> chunks) {
      engine = RangeEngine.restore(rangeId, chunks);
      snapshots.restored(chunks);
    }

    @Override
    public void replay(Position position, byte[] entry) {
      try {
        engine.apply(JournalEntry.parseFrom(entry));
        applied = position;
        snapshots.replayed();
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException(
            "journal of range " + rangeId + " at " + position + ": not an entry", e);
      }
    }
  }

  private CompletableFuture<Void> serve(RangeJournal opened) {
    if (state != RangeState.RECOVERING) {
      // Released while it was being opened.
      return closeJournal(opened);
    }
    intake =
        new RangeIntake(
            rangeId,
            engine,
            opened,
            new BatchValidator(table),
            clock,
            loop,
            meters,
            this::applied,
            this::lost);
    questions.begin(new RangeQueries(engine, opened.epoch(), clock, loop));
    accounts = new RangeAccounts(engine, meters);
    usage = new RangeUsage(engine.increments(), clock.millis());
    state = state.to(RangeState.SERVING);
    engine.sampleHits(eventListeners.hitRate());
    log.debug("range {}: serving at epoch {}, {} keys", rangeId, opened.epoch(), engine.keys());
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Sends a batch in. It counts towards the shard's bytes in flight from here to its answer: were
   * it admitted only on the loop, what waits there for its turn would have no bound.
   */
  public void submit(Submission submission) {
    int bytes = submission.bytes();
    if (!budget.tryTake(bytes)) {
      meters.counting(submission).answer(Answers.overloaded());
      return;
    }
    Submission counted = meters.counting(submission).beforeAnswer(() -> budget.giveBack(bytes));
    loop.execute(
        () -> {
          RangeIntake open = intake;
          if (state != RangeState.SERVING || open == null) {
            counted.answer(Answers.recovering(rangeId));
          } else {
            open.submit(counted);
          }
        });
  }

  /** The namespaces that the range holds, uid and name; null when it does not serve. */
  CompletableFuture<@Nullable Map<Long, String>> namespaces() {
    return readServed(RangeEngine::namespaces);
  }

  /** Ends a namespace in this range. */
  void deleteNamespace(long namespaceUid) {
    loop.execute(
        () -> {
          RangeIntake open = intake;
          if (state == RangeState.SERVING && open != null) {
            open.deleteNamespace(namespaceUid);
          }
        });
  }

  /** Makes newer definitions of the namespaces that the range holds take effect. */
  void redefineNamespaces(Collection<NamespaceDefinition> namespaces) {
    loop.execute(
        () -> {
          RangeIntake open = intake;
          if (state == RangeState.SERVING && open != null) {
            open.redefineNamespaces(namespaces);
          }
        });
  }

  /**
   * Journals an entry that is no batch and reads from the engine when it is applied; null when the
   * range does not serve, or no more.
   */
  public <T> CompletableFuture<@Nullable T> append(
      JournalEntry control, Function<RangeEngine, T> question) {
    CompletableFuture<@Nullable T> answer = new CompletableFuture<>();
    loop.execute(
        () -> {
          RangeIntake open = intake;
          if (state != RangeState.SERVING || open == null) {
            answer.complete(null);
            return;
          }
          // Both sides complete on the loop.
          open.append(control)
              .whenComplete(
                  (applied, failure) ->
                      answer.complete(failure == null ? question.apply(engine) : null));
        });
    return answer;
  }

  /**
   * Cuts a namespace at the present place of the journal, first making a definition of it take
   * effect if the range holds an older one. The cut is written down beside the loop.
   *
   * @param maxChunkBytes how large a chunk may be
   * @return null when the range does not serve
   */
  public CompletableFuture<@Nullable NamespaceCut> cut(
      NamespaceDefinition namespace, int maxChunkBytes) {
    long uid = namespace.getUid();
    return readServed(engine -> engine.definitionRevision(uid))
        .thenCompose(
            revision ->
                revision == null
                        || revision == RangeEngine.UNDEFINED
                        || revision >= namespace.getRevision()
                    ? CompletableFuture.completedFuture(revision)
                    : append(
                        JournalEntry.newBuilder()
                            .setNamespaceDefined(
                                NamespaceDefined.newBuilder().setDefinition(namespace))
                            .build(),
                        engine -> engine.definitionRevision(uid)))
        .thenCompose(revision -> readServed(engine -> cutNow(uid, maxChunkBytes)));
  }

  private NamespaceCut cutNow(long uid, int maxChunkBytes) {
    SnapshotCut cut = engine.cutNamespace(uid, maxChunkBytes);
    return new NamespaceCut(
        applied,
        epoch(),
        engine.definitionRevision(uid),
        engine.keys(uid),
        cut == null
            ? CompletableFuture.completedFuture(List.of())
            : CompletableFuture.supplyAsync(cut::write, snapshotTurns.writer()));
  }

  /** Reads from the engine; null when the range answers nothing. */
  public <T> CompletableFuture<@Nullable T> read(Function<RangeEngine, T> question) {
    return questions.ask(open -> CompletableFuture.completedFuture(open.ask(question)));
  }

  /**
   * Reads from a sorted view that lags at most a second behind; null when the range answers
   * nothing.
   */
  public <T> CompletableFuture<@Nullable T> readRanked(
      RankedInterval interval, BiFunction<RangeEngine, NumberedView, T> question) {
    return questions.ask(open -> open.askRanked(interval, question));
  }

  /**
   * Reads from the sorted view of a number, which is given to the question as null if it is kept no
   * more; answers null when the range answers nothing.
   */
  public <T> CompletableFuture<@Nullable T> readPinned(
      long number, Function<@Nullable NumberedView, T> question) {
    return questions.ask(
        open -> CompletableFuture.completedFuture(question.apply(open.pinned(number))));
  }

  /**
   * The rankings of the open windows, computed anew if they are due or hold less than is needed.
   *
   * @param floors below which counts keys may be left out
   */
  public CompletableFuture<@Nullable PublishedRankings> published(RankingFloors floors) {
    return questions.ask(open -> CompletableFuture.completedFuture(open.published(floors)));
  }

  /** Reads from the engine of this tenure; null when it does not serve. */
  private <T> CompletableFuture<@Nullable T> readServed(Function<RangeEngine, T> question) {
    return questions.onLoop(
        () ->
            CompletableFuture.completedFuture(
                state == RangeState.SERVING ? question.apply(engine) : null));
  }

  @Override
  public CompletableFuture<@Nullable EventPage> events(EventQuery query) {
    return readServed(
        engine -> {
          EventPage page = engine.events(query);
          meters.handedOver(page);
          return page;
        });
  }

  @Override
  public void listen(Runnable listener, double hitRate) {
    loop.execute(
        () -> {
          eventListeners.add(listener, hitRate);
          engine.sampleHits(eventListeners.hitRate());
        });
  }

  @Override
  public void unlisten(Runnable listener) {
    loop.execute(
        () -> {
          eventListeners.remove(listener);
          engine.sampleHits(eventListeners.hitRate());
        });
  }

  /** How the range is; null when it does not serve. */
  public CompletableFuture<@Nullable RangeStatus> status() {
    return readServed(
        engine -> {
          RangeStatus.Builder status =
              RangeStatus.newBuilder()
                  .setRangeId(rangeId)
                  .setOwner(shardId)
                  .setEpoch(epoch())
                  .setState(state.name())
                  .setKeys(engine.keys())
                  .setIncrements(engine.increments())
                  .setLateIncrements(engine.lateIncrements())
                  .setBeyondRetention(engine.beyondRetention());
          if (usage != null) {
            usage.tell(engine.increments(), clock.millis(), status);
          }
          RangeJournal open = journal;
          if (open != null) {
            JournalHealth health = open.health();
            status
                .setJournalBytes(open.bytesSinceSnapshot())
                .setCopies(health.copies())
                .setDegraded(health.state() == JournalHealth.State.DEGRADED);
          }
          return status.build();
        });
  }

  /** What the metrics hold; the meters are told what they counted. Null when it does not serve. */
  CompletableFuture<RangeAccounts.@Nullable Balance> account() {
    return readServed(
        engine -> {
          if (accounts == null || usage == null) {
            return null;
          }
          RangeAccounts.Balance balance = accounts.look();
          usage.look(engine.increments(), balance.metrics(), clock.millis());
          return balance;
        });
  }

  /** The state as it is, to be looked at elsewhere; null when the range does not serve. */
  CompletableFuture<@Nullable RangeCut> cut() {
    return readServed(
        engine -> {
          RangeJournal open = Objects.requireNonNull(journal);
          int maxChunkBytes = open.maxEntryBytes();
          return new RangeCut(
              open.epoch(), applied, engine.keys(), maxChunkBytes, engine.cut(maxChunkBytes));
        });
  }

  /** The last entry that was applied, as {@link RangeCut} says; null when it does not serve. */
  CompletableFuture<@Nullable Position> applied() {
    return readServed(engine -> applied);
  }

  /**
   * Takes nothing new, finishes what is in flight, closes the journal; or stops following it.
   *
   * @return what the next owner has to find; empty if the range did not serve or was lost meanwhile
   */
  CompletableFuture<Optional<HandedOff>> release() {
    CompletableFuture<Optional<HandedOff>> released = new CompletableFuture<>();
    loop.execute(
        () -> {
          RangeIntake open = intake;
          RangeJournal opened = journal;
          if (state == RangeState.SERVING && open != null && opened != null) {
            state = state.to(RangeState.HANDING_OFF);
            long stoppedAtMillis = clock.millis();
            questions.end();
            eventListeners.tell();
            open.drained()
                .thenCompose(drained -> opened.close())
                .whenCompleteAsync(
                    (closed, failure) -> {
                      boolean whole = state == RangeState.HANDING_OFF && failure == null;
                      if (state == RangeState.HANDING_OFF) {
                        tellAccounts();
                        state = state.to(RangeState.RELEASED);
                      }
                      released.complete(
                          whole
                              ? Optional.of(
                                  new HandedOff(
                                      opened.epoch(),
                                      engine.increments(),
                                      Math.max(0, clock.millis() - stoppedAtMillis)))
                              : Optional.empty());
                    },
                    loop);
          } else {
            stopFollowing();
            questions.end();
            if (state.next().contains(RangeState.RELEASED)) {
              state = state.to(RangeState.RELEASED);
            }
            opening.whenComplete((done, failure) -> released.complete(Optional.empty()));
          }
        });
    return released;
  }

  private void stopFollowing() {
    if (state == RangeState.FOLLOWING) {
      followed().stop();
    }
  }

  private void applied(Position position, JournalEntry entry) {
    applied = position;
    eventListeners.tell(engine.eventsSoFar());
    RangeJournal open = journal;
    if (open != null) {
      snapshots.applied(engine, open, position);
    }
  }

  /** Ends the tenure, if it has not ended. On the loop. */
  void lost(Throwable cause) {
    if (!state.next().contains(RangeState.LOST)) {
      return;
    }
    meters.lost();
    boolean began = state == RangeState.FOLLOWING || state == RangeState.RECOVERING;
    if (began || cause instanceof JournalLostException) {
      log.info("range {}: lost as {} ({})", rangeId, state, rootMessage(cause));
      tellAccounts();
    } else {
      log.error("range {}: lost as {} through a defect", rangeId, state, cause);
    }
    stopFollowing();
    RangeState end = JournalLostException.isFenced(cause) ? RangeState.FENCED : RangeState.LOST;
    state = state.to(state.next().contains(end) ? end : RangeState.LOST);
    if (end == RangeState.FENCED || !(began || cause instanceof JournalLostException)) {
      questions.end();
    }
    eventListeners.tell();
    RangeJournal open = journal;
    if (open != null) {
      closeJournal(open);
    }
    onLost.accept(this);
  }

  /** Counts what was applied since this was done last, before the engine is let go. */
  private void tellAccounts() {
    RangeAccounts open = accounts;
    if (open != null) {
      open.tell();
    }
  }

  /** Completes in any case: what is not closed is recovered by the next owner. */
  private CompletableFuture<Void> closeJournal(RangeJournal open) {
    return open.close()
        .exceptionally(
            failure -> {
              log.info("range {}: journal not closed ({})", rangeId, rootMessage(failure));
              return null;
            });
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.toString();
  }
}
