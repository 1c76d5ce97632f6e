package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.FreezableTree;

/**
 * The last sequence of each producer's session: what makes a repeated batch recognisable.
 *
 * <p>A session idle for more than an hour of journal time is forgotten. Time is looked at in
 * sweeps, at most one a minute of journal time, so that replay forgets at exactly the same places.
 * Forgetting has two steps. A sweep makes idle sessions <em>forgotten</em>: they count as unknown
 * to {@link #lastSequence}. The next sweep deletes them. In between, the next batch of a forgotten
 * session is still applied, because the owner may have accepted it, on the strength of an answer
 * from before the sweep, while earlier entries were on their way into the journal: one of those
 * must not turn an accepted batch into a hole. No entry stays on its way for the minute between two
 * sweeps.
 *
 * <p>"Forgotten" needs no mark: it follows from the time of the last sweep, and "deleted" from that
 * of the one before. So what is deleted is taken out bit by bit, with the batches after a sweep: a
 * request id is a session, too, and an hour of them can be hundreds of thousands.
 */
final class SessionTable {

  /** What {@link #lastSequence} says of a session that is not known. */
  static final long UNKNOWN = -1;

  static final long IDLE_MILLIS = 3_600_000;
  static final long SWEEP_INTERVAL_MILLIS = 60_000;

  /** Sessions lie in as many maps, by hash, each of which is copied when a view has it. */
  private static final int PARTS = 256;

  private final FreezableTree<Map<ByteString, Session>> parts;
  private long sweptAtMillis;

  /** Sessions whose last batch was before this are deleted. */
  private long deletedBeforeMillis = Long.MIN_VALUE;

  // What is deleted is taken out of this part next, and of so many after it.
  private int nextPart;
  private int partsToClean;

  private record Session(long sequence, long appliedAtMillis) {}

  /** Takes one session. */
  interface Visitor {
    /** Takes one session. */
    void visit(ByteString sessionId, long sequence, long appliedAtMillis);
  }

  /** No sessions. */
  SessionTable() {
    parts = new FreezableTree<>(HashMap::new);
  }

  private SessionTable(SessionTable other) {
    parts = other.parts.frozen();
    sweptAtMillis = other.sweptAtMillis;
    deletedBeforeMillis = other.deletedBeforeMillis;
  }

  /** A view of the sessions as they are, which stays the same, also on another thread. */
  SessionTable frozen() {
    return new SessionTable(this);
  }

  /** The last sequence applied, or {@link #UNKNOWN}. */
  long lastSequence(ByteString sessionId) {
    Session session = find(sessionId);
    return session == null || isForgotten(session) ? UNKNOWN : session.sequence;
  }

  /**
   * Notes that a batch is applied.
   *
   * @throws IllegalStateException if it does not follow the session's last one, which means that
   *     the journal lacks an entry
   */
  void advance(ByteString sessionId, long sequence, long journalTimeMillis) {
    Session last = find(sessionId);
    boolean follows = last != null && sequence == last.sequence + 1;
    boolean begins = sequence == 1 && (last == null || isForgotten(last));
    if (!follows && !begins) {
      throw new IllegalStateException(
          "sequence: "
              + Long.toUnsignedString(sequence)
              + " (expected: "
              + (last == null ? 1 : last.sequence + 1)
              + "); the journal lacks an entry of this session");
    }
    // A new id is copied: the one given may be a view that would keep a whole entry in memory.
    ByteString key = last == null ? ByteString.copyFrom(sessionId.toByteArray()) : sessionId;
    put(key, new Session(sequence, journalTimeMillis));
  }

  /** Forgets idle sessions, unless the last sweep was less than a minute ago. Once a batch. */
  void sweep(long journalTimeMillis) {
    if (journalTimeMillis - sweptAtMillis >= SWEEP_INTERVAL_MILLIS) {
      deletedBeforeMillis = sweptAtMillis - IDLE_MILLIS;
      sweptAtMillis = journalTimeMillis;
      partsToClean = PARTS;
    }
    if (partsToClean > 0) {
      partsToClean--;
      clean(nextPart);
      nextPart = (nextPart + 1) % PARTS;
    }
  }

  private void clean(int index) {
    Map<ByteString, Session> held = parts.get(index);
    if (held == null || held.values().stream().noneMatch(this::isDeleted)) {
      return;
    }
    Map<ByteString, Session> part = parts.forWriting(index, HashMap::new);
    part.values().removeIf(this::isDeleted);
    if (part.isEmpty()) {
      parts.remove(index);
    }
  }

  /** When the last sweep was, in journal time. */
  long sweptAtMillis() {
    return sweptAtMillis;
  }

  /** Shows all sessions held, by id. */
  void forEach(Visitor visitor) {
    List<Map.Entry<ByteString, Session>> held = new ArrayList<>();
    parts.forEach((index, part) -> held.addAll(part.entrySet()));
    held.removeIf(entry -> isDeleted(entry.getValue()));
    held.sort(Map.Entry.comparingByKey(ByteString.unsignedLexicographicalComparator()));
    held.forEach(
        entry ->
            visitor.visit(
                entry.getKey(), entry.getValue().sequence, entry.getValue().appliedAtMillis));
  }

  /** Sets what a snapshot says. */
  void restore(ByteString sessionId, long sequence, long appliedAtMillis) {
    put(sessionId, new Session(sequence, appliedAtMillis));
  }

  /** Sets what a snapshot says. */
  void restoreSweptAt(long restored) {
    sweptAtMillis = restored;
  }

  private @Nullable Session find(ByteString sessionId) {
    Map<ByteString, Session> part = parts.get(partOf(sessionId));
    Session session = part == null ? null : part.get(sessionId);
    return session == null || isDeleted(session) ? null : session;
  }

  private void put(ByteString sessionId, Session session) {
    parts.forWriting(partOf(sessionId), HashMap::new).put(sessionId, session);
  }

  /** By the top bits of the hash, once spread; a part itself uses the low ones. */
  private static int partOf(ByteString sessionId) {
    return (int)
        (Integer.toUnsignedLong(sessionId.hashCode() * 0x9E3779B9) * PARTS >>> Integer.SIZE);
  }

  private boolean isDeleted(Session session) {
    return session.appliedAtMillis < deletedBeforeMillis;
  }

  private boolean isForgotten(Session session) {
    return sweptAtMillis - session.appliedAtMillis > IDLE_MILLIS;
  }
}
