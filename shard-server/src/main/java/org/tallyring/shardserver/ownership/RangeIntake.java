package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import io.micrometer.core.instrument.Timer;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.internal.v1.NamespaceDeleted;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.BatchColumns;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.BatchViolation;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.engine.RowViolation;
import org.tallyring.shardserver.journal.EntryBytes;
import org.tallyring.shardserver.journal.JournalLostException;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;

/**
 * The way of a batch into a serving range: admitted, queued, appended, applied, answered.
 * Everything happens on the range's loop.
 *
 * <p><b>Group append.</b> Admitted batches queue. With nothing in flight the queue goes out at
 * once, so a lone batch waits for nothing; with entries in flight it waits until it is worthwhile
 * ({@link PendingQueue}) or the earlier entries are acknowledged. Under load entries grow by
 * themselves, at rest latency is one append.
 *
 * <p><b>Order.</b> The journal completes appends in order, so entries are applied in journal order
 * and answered after that: no read shows what is not durable, and an answer is never ahead of a
 * read.
 *
 * <p><b>Admission looks ahead.</b> Checks must hold when the batch is applied, not when it comes
 * in, so sequences are checked against the last <em>admitted</em> batch of the session ({@link
 * #admitted}), event ids also against those under way ({@link AdmittedEventIds}), and the sum of
 * what is under way counts towards the overflow bound. A repeat of a batch still in flight is
 * answered after it, by standing behind it in the queue. Only when a 64-bit overflow is possible at
 * all (the sum of all absolute deltas ever nears 2^63) does a batch wait until nothing is in flight
 * and is then checked row by row; later ones wait behind it.
 *
 * <p><b>Definitions go through the journal.</b> Before the first batch that is admitted under a
 * newer definition of its namespace stands an entry with the definition, so that a change takes
 * effect at one place in the journal, for this owner and for every replay.
 *
 * <p><b>Loss.</b> After a failed append nothing in flight has a known outcome; after an entry that
 * the engine fails to apply or to take a snapshot after, nothing that the engine holds can be
 * relied on. What was appended is answered as in doubt, what was only queued as refused, and the
 * intake is dead.
 */
final class RangeIntake {

  private static final int MAX_ENTRIES_IN_FLIGHT = 8;

  /** Room in an entry for what surrounds a batch. */
  private static final int ENVELOPE_BYTES = 256;

  private final int rangeId;
  private final RangeEngine engine;
  private final RangeJournal journal;
  private final BatchValidator validator;
  private final InstantSource clock;
  private final Executor loop;
  private final ShardMeters meters;
  private final BiConsumer<Position, JournalEntry> onApplied;
  private final Consumer<Throwable> onLost;

  private final PendingQueue queue;
  private final DefinitionsUnderWay definitions;
  private final ArrayDeque<Submission> waitingForQuiet = new ArrayDeque<>();
  private final ArrayDeque<List<Pending>> inFlight = new ArrayDeque<>();
  private final Map<ByteString, Long> admitted = new HashMap<>();
  private final AdmittedEventIds admittedEventIds = new AdmittedEventIds();

  /** Scratch: the batch that is being looked at. */
  private final BatchColumns columns = new BatchColumns();

  private final List<CompletableFuture<Void>> drains = new ArrayList<>();

  /** An upper bound on what is under way; it falls back to 0 when nothing is. */
  private long absoluteSumPending;

  private boolean dead;

  RangeIntake(
      int rangeId,
      RangeEngine engine,
      RangeJournal journal,
      BatchValidator validator,
      InstantSource clock,
      Executor loop,
      ShardMeters meters,
      BiConsumer<Position, JournalEntry> onApplied,
      Consumer<Throwable> onLost) {
    this.rangeId = rangeId;
    this.engine = engine;
    this.journal = journal;
    this.validator = validator;
    this.clock = clock;
    this.loop = loop;
    this.meters = meters;
    this.onApplied = onApplied;
    this.onLost = onLost;
    this.queue = new PendingQueue(journal.maxEntryBytes());
    this.definitions = new DefinitionsUnderWay(engine);
  }

  /** Takes a batch; its answer comes through the submission. */
  void submit(Submission submission) {
    if (dead) {
      submission.answer(Answers.recovering(rangeId));
    } else if (!waitingForQuiet.isEmpty()) {
      waitingForQuiet.add(submission);
    } else {
      admit(submission);
      flush();
    }
  }

  /**
   * Journals an entry that is no batch. Completes when it is applied; fails when the range is lost,
   * and then the entry may be in the journal all the same.
   */
  CompletableFuture<Void> append(JournalEntry control) {
    CompletableFuture<Void> applied = new CompletableFuture<>();
    if (dead) {
      applied.completeExceptionally(new JournalLostException("range " + rangeId + ": lost"));
      return applied;
    }
    if (control.hasNamespaceDefined()) {
      definitions.noteSuccessor(control.getNamespaceDefined().getDefinition());
    }
    enqueue(Pending.control(control, applied));
    flush();
    return applied;
  }

  /** Ends a namespace in this range, durably. */
  void deleteNamespace(long namespaceUid) {
    if (dead) {
      return;
    }
    enqueue(
        Pending.control(
            JournalEntry.newBuilder()
                .setNamespaceDeleted(NamespaceDeleted.newBuilder().setNamespaceUid(namespaceUid))
                .build()));
    flush();
  }

  /** Makes newer definitions of namespaces that the range holds take effect, durably. */
  void redefineNamespaces(Collection<NamespaceDefinition> namespaces) {
    if (dead) {
      return;
    }
    for (NamespaceDefinition namespace : namespaces) {
      if (definitions.concerns(namespace.getUid())) {
        define(namespace);
      }
    }
    flush();
  }

  /** Queues a definition unless one as new is applied or under way. */
  private void define(NamespaceDefinition namespace) {
    if (definitions.takeIfNewer(namespace)) {
      enqueue(
          Pending.control(
              JournalEntry.newBuilder()
                  .setNamespaceDefined(NamespaceDefined.newBuilder().setDefinition(namespace))
                  .build()));
    }
  }

  /** Completes when nothing is queued or in flight, or the journal is lost. */
  CompletableFuture<Void> drained() {
    CompletableFuture<Void> drained = new CompletableFuture<>();
    drains.add(drained);
    completeDrains();
    return drained;
  }

  private void admit(Submission submission) {
    ReceivedBatch batch = submission.batch();
    ByteString session = submission.sessionId();
    BatchViolation malformed = BatchValidator.validateSession(session, batch.sequence());
    if (malformed != null) {
      submission.answer(Answers.invalid(malformed));
      return;
    }
    if (!session.isEmpty() && answeredBySequence(submission)) {
      return;
    }
    if (submission.bytes() > journal.maxEntryBytes() - ENVELOPE_BYTES) {
      submission.answer(
          Answers.invalid(
              new BatchViolation(
                  ErrorReason.ERROR_REASON_BAD_SIZE,
                  "batch",
                  "batch: "
                      + submission.bytes()
                      + " bytes (expected: at most "
                      + (journal.maxEntryBytes() - ENVELOPE_BYTES)
                      + ")",
                  List.of())));
      return;
    }
    long now = clock.millis();
    BatchViolation violation =
        validator.validate(
            batch.bytes(),
            columns,
            definitions.inEffect(definitions.present(submission.namespace())),
            now);
    if (violation != null) {
      submission.answer(Answers.invalid(violation));
      return;
    }
    accept(submission, now);
  }

  /** Whether the sequence alone decides: a repeat, a gap or a forgotten session. */
  private boolean answeredBySequence(Submission submission) {
    ByteString session = submission.sessionId();
    long sequence = submission.batch().sequence();
    long applied = engine.lastSequence(session);
    long last = admitted.getOrDefault(session, applied);
    if (sequence == last + 1 || (last == -1 && sequence == 1)) {
      return false;
    }
    if (last == -1) {
      submission.answer(Answers.sessionExpired(sequence));
    } else if (sequence > last) {
      submission.answer(Answers.sequenceGap(sequence, last));
    } else if (sequence <= applied) {
      submission.answer(Answers.duplicate());
    } else {
      enqueue(Pending.repeat(submission));
    }
    return true;
  }

  private void accept(Submission submission, long now) {
    NamespaceDefinition namespace = definitions.present(submission.namespace());
    define(namespace);
    AcceptedBatch accepted =
        AcceptedBatch.newBuilder()
            .setSessionId(submission.sessionId())
            .setNamespaceUid(namespace.getUid())
            .setAcceptedAtMillis(Math.max(now, engine.journalTimeMillis()))
            .setBatch(submission.batch().bytes())
            .build();
    long absoluteSum = columns.absoluteSum();
    long underWay = saturatedSum(absoluteSumPending, absoluteSum);
    // A saturated sum is no bound any more.
    if (underWay == Long.MAX_VALUE || engine.couldOverflow(underWay)) {
      if (!queue.isEmpty() || !inFlight.isEmpty()) {
        waitingForQuiet.add(submission);
        return;
      }
      int[] rows = engine.overflowingRows(accepted, columns);
      if (rows.length > 0) {
        submission.answer(Answers.invalid(overflow(rows)));
        return;
      }
    }
    List<RowViolation> conflicts =
        submission.batch().hasEventIds() ? admittedEventIds.admit(engine, accepted) : List.of();
    if (!conflicts.isEmpty()) {
      submission.answer(Answers.invalid(BatchViolation.of(conflicts)));
      return;
    }
    if (!submission.sessionId().isEmpty()) {
      admitted.put(submission.sessionId(), submission.batch().sequence());
    }
    enqueue(
        new Pending(
            submission, accepted, null, null, submission.bytes() + ENVELOPE_BYTES, absoluteSum));
  }

  private static BatchViolation overflow(int[] rows) {
    List<RowViolation> violations = new ArrayList<>();
    for (int row : rows) {
      String field = "rows[" + row + "].delta";
      violations.add(
          new RowViolation(
              row,
              ErrorReason.ERROR_REASON_COUNT_OVERFLOW,
              field,
              field + ": the total would overflow (expected: totals within 64 bits)"));
    }
    return BatchViolation.of(violations);
  }

  private void enqueue(Pending pending) {
    queue.add(pending);
    absoluteSumPending = saturatedSum(absoluteSumPending, pending.absoluteSum());
  }

  private void flush() {
    while (!queue.isEmpty()
        && !dead
        && (inFlight.isEmpty()
            || (queue.isWorthwhile() && inFlight.size() < MAX_ENTRIES_IN_FLIGHT))) {
      List<Pending> group = queue.nextGroup();
      JournalEntry entry = PendingQueue.entryOf(group);
      if (entry != null) {
        inFlight.add(group);
        Timer.Sample begun = meters.begin();
        journal
            .append(EntryBytes.of(entry))
            .whenComplete(
                (position, failure) -> {
                  if (failure == null) {
                    meters.appended(begun);
                  }
                  loop.execute(() -> completed(position, entry, failure));
                });
      } else if (inFlight.isEmpty()) {
        // Only repeats whose originals are applied already: nothing to append.
        group.forEach(RangeIntake::finishRepeat);
      } else {
        // Only repeats whose originals are in flight at the latest: answered after those.
        inFlight.getLast().addAll(group);
      }
    }
    completeDrains();
  }

  private void completed(
      @Nullable Position position, JournalEntry entry, @Nullable Throwable failure) {
    if (dead) {
      return;
    }
    if (failure != null || position == null) {
      lose(failure == null ? new IllegalStateException("append: no position") : failure);
      return;
    }
    try {
      engine.apply(entry);
      onApplied.accept(position, entry);
    } catch (RuntimeException | Error defect) {
      // What the engine holds now nobody knows; the next tenure begins with the journal.
      lose(
          new IllegalStateException(
              "entry at " + position + " not applied: " + defect.getMessage(), defect));
      return;
    }
    finishAll(inFlight.remove());
    flush();
    // Only after the flush: repeats that were left in the queue are no reason to wait any longer.
    if (inFlight.isEmpty() && queue.isEmpty()) {
      absoluteSumPending = 0;
      retryWaiting();
      completeDrains();
    }
  }

  /** Answers what is applied; the engine still knows what became of the rows of its batches. */
  private void finishAll(List<Pending> group) {
    int batch = 0;
    for (Pending pending : group) {
      if (pending.batch() == null) {
        finishRepeat(pending);
      } else {
        finish(pending, pending.batch(), engine.duplicateRows(batch++));
      }
    }
  }

  private void finish(Pending pending, AcceptedBatch batch, int[] duplicateRows) {
    Submission submission = pending.submission();
    if (submission != null) {
      admitted.remove(submission.sessionId(), submission.batch().sequence());
      if (submission.batch().hasEventIds()) {
        admittedEventIds.release(batch);
      }
      submission.answer(Answers.applied(duplicateRows));
    }
  }

  /** Answers a repeat whose original is applied; what is no batch at all has nobody to answer. */
  private static void finishRepeat(Pending pending) {
    Submission submission = pending.submission();
    if (submission != null) {
      submission.answer(Answers.duplicate());
    }
    if (pending.applied() != null) {
      pending.applied().complete(null);
    }
  }

  private void retryWaiting() {
    List<Submission> waiting = List.copyOf(waitingForQuiet);
    waitingForQuiet.clear();
    waiting.forEach(this::submit);
  }

  private void lose(Throwable cause) {
    dead = true;
    String message = "range " + rangeId + ": lost with the batch in flight";
    for (List<Pending> group : inFlight) {
      group.forEach(pending -> abandon(pending, true, message));
    }
    queue.drainTo(pending -> abandon(pending, pending.batch() == null, message));
    waitingForQuiet.forEach(submission -> submission.answer(Answers.recovering(rangeId)));
    inFlight.clear();
    waitingForQuiet.clear();
    admitted.clear();
    admittedEventIds.clear();
    completeDrains();
    onLost.accept(cause);
  }

  private void abandon(Pending pending, boolean inDoubt, String message) {
    if (pending.applied() != null) {
      pending.applied().completeExceptionally(new JournalLostException(message));
    }
    Submission submission = pending.submission();
    if (submission == null) {
      return;
    }
    submission.answer(inDoubt ? Answers.inDoubt(message) : Answers.recovering(rangeId));
  }

  private void completeDrains() {
    if (dead || (queue.isEmpty() && inFlight.isEmpty() && waitingForQuiet.isEmpty())) {
      List<CompletableFuture<Void>> done = List.copyOf(drains);
      drains.clear();
      done.forEach(drain -> drain.complete(null));
    }
  }

  private static long saturatedSum(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }
}
