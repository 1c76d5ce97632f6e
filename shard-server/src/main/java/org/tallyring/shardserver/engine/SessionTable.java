package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

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
 * <p>"Forgotten" needs no mark: it follows from the time of the last sweep.
 */
final class SessionTable {

  /** What {@link #lastSequence} says of a session that is not known. */
  static final long UNKNOWN = -1;

  static final long IDLE_MILLIS = 3_600_000;
  static final long SWEEP_INTERVAL_MILLIS = 60_000;

  private final Map<ByteString, Session> sessions = new HashMap<>();
  private long sweptAtMillis;

  private record Session(long sequence, long appliedAtMillis) {}

  /** Takes one session. */
  interface Visitor {
    /** Takes one session. */
    void visit(ByteString sessionId, long sequence, long appliedAtMillis);
  }

  /** The last sequence applied, or {@link #UNKNOWN}. */
  long lastSequence(ByteString sessionId) {
    Session session = sessions.get(sessionId);
    return session == null || isForgotten(session) ? UNKNOWN : session.sequence;
  }

  /**
   * Notes that a batch is applied.
   *
   * @throws IllegalStateException if it does not follow the session's last one, which means that
   *     the journal lacks an entry
   */
  void advance(ByteString sessionId, long sequence, long journalTimeMillis) {
    Session last = sessions.get(sessionId);
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
    sessions.put(key, new Session(sequence, journalTimeMillis));
  }

  /** Forgets idle sessions, unless the last sweep was less than a minute ago. */
  void sweep(long journalTimeMillis) {
    if (journalTimeMillis - sweptAtMillis < SWEEP_INTERVAL_MILLIS) {
      return;
    }
    sessions.values().removeIf(this::isForgotten);
    sweptAtMillis = journalTimeMillis;
  }

  /** When the last sweep was, in journal time. */
  long sweptAtMillis() {
    return sweptAtMillis;
  }

  /** How many sessions are held. */
  int size() {
    return sessions.size();
  }

  /** Shows all sessions held, by id. */
  void forEach(Visitor visitor) {
    sessions.entrySet().stream()
        .sorted(
            Map.Entry.comparingByKey(
                Comparator.comparing(ByteString::toByteArray, Arrays::compareUnsigned)))
        .forEach(
            entry ->
                visitor.visit(
                    entry.getKey(), entry.getValue().sequence, entry.getValue().appliedAtMillis));
  }

  /** Sets what a snapshot says. */
  void restore(ByteString sessionId, long sequence, long appliedAtMillis) {
    sessions.put(sessionId, new Session(sequence, appliedAtMillis));
  }

  /** Sets what a snapshot says. */
  void restoreSweptAt(long restored) {
    sweptAtMillis = restored;
  }

  private boolean isForgotten(Session session) {
    return sweptAtMillis - session.appliedAtMillis > IDLE_MILLIS;
  }
}
