package org.tallyring.shardserver.engine;

import org.jspecify.annotations.Nullable;

/**
 * The event ids that a namespace has seen lately in one range, each with its key's slot, a hash of
 * its payload and when it was accepted.
 *
 * <p><b>Exact.</b> Ids are kept whole, so two different ones are never taken for one. Only the
 * payload, which decides nothing but whether a repeat is a contradiction, is a 64-bit hash.
 *
 * <p><b>Forgetting.</b> Time is journal time in ticks of {@value #TICK_MILLIS} ms. An id is known
 * as long as its tick is not before {@link #forgottenBefore}, which only rises: a longer horizon
 * brings nothing back. An id is so known for at least the horizon and at most two ticks longer, and
 * whether it is known never depends on what was swept.
 *
 * <p><b>No long stop.</b> Forgotten entries go in small steps, in proportion to the ids added, so
 * that a sweep has gone once through the table when a quarter as many ids were added as there are
 * places. The table is cut into {@value #SEGMENTS} segments by hash, each of which grows for
 * itself: at 10 million ids one growth copies 160 thousand.
 *
 * <p>An entry takes 32 bytes, so an id takes 43 to 85. Tables that take turns, the oldest of which
 * is dropped as a whole, need no sweep, but every new id must be looked up in each of them: ten
 * were measured at four times the cost of one that is swept.
 */
final class EventIdTable {

  /** What the table says of an id and a payload. */
  enum Verdict {
    /** The id is not known. */
    NEW,
    /** The id is known with this payload. */
    REPEAT,
    /** The id is known with another payload. */
    CONTRADICTION
  }

  static final int TICK_MILLIS = 8_000;

  /** Ticks have 29 bits, which is until the year 2106. */
  static final int MAX_TICK = (1 << 29) - 1;

  private static final int SEGMENT_BITS = 6;
  private static final int SEGMENTS = 1 << SEGMENT_BITS;
  private static final int STEPS_PER_ID = 4;
  private static final int STEPS_PER_BATCH = 64;

  private final @Nullable EventIdSegment[] segments = new @Nullable EventIdSegment[SEGMENTS];
  private int forgottenBefore;

  // The sweep's cursor.
  private int sweptSegment;
  private int sweptPlace;

  /** Takes one id. */
  interface Visitor {
    /** Takes one id. */
    void visit(EventId id, int slot, long payload, int tick);
  }

  /** The tick that a time is in. */
  static int tickOf(long journalTimeMillis) {
    return (int) Math.min(Math.max(journalTimeMillis, 0) / TICK_MILLIS, MAX_TICK);
  }

  /** Ids with earlier ticks are forgotten. */
  int forgottenBefore() {
    return forgottenBefore;
  }

  /** What {@link #forgottenBefore()} becomes when a batch is accepted at a time. */
  int forgottenBefore(long journalTimeMillis, long horizonMillis) {
    // Rounded up: a horizon that ends within a tick lets no id of that tick go early.
    int horizonTicks = (int) ((horizonMillis + TICK_MILLIS - 1) / TICK_MILLIS);
    return Math.max(forgottenBefore, tickOf(journalTimeMillis) - horizonTicks);
  }

  /**
   * Lets time pass, at the beginning of a batch, and sweeps a little.
   *
   * @param ids how many ids the batch has
   */
  void advance(long journalTimeMillis, long horizonMillis, int ids) {
    forgottenBefore = forgottenBefore(journalTimeMillis, horizonMillis);
    sweep(STEPS_PER_BATCH + STEPS_PER_ID * ids);
  }

  /**
   * What is known of an id.
   *
   * @param forgottenThen at which moment, see {@link #forgottenBefore(long, long)}
   */
  Verdict verdict(EventId id, int slot, long payload, int forgottenThen) {
    long hash = EventIdSegment.hash(id, slot);
    EventIdSegment segment = segments[segmentOf(hash)];
    if (segment == null) {
      return Verdict.NEW;
    }
    int at = segment.find(hash, id, slot);
    if (at == EventIdSegment.ABSENT || segment.tick(at) < forgottenThen) {
      return Verdict.NEW;
    }
    return segment.payload(at) == payload ? Verdict.REPEAT : Verdict.CONTRADICTION;
  }

  /**
   * Notes an id, unless it is known with this payload.
   *
   * <p>A known id with another payload is replaced: the owner that let it into the journal must
   * have found that it is forgotten, by a horizon that has grown since.
   *
   * @return whether its increment counts
   */
  boolean add(EventId id, int slot, long payload, int tick) {
    long hash = EventIdSegment.hash(id, slot);
    EventIdSegment segment = segmentForWriting(hash);
    int at = segment.find(hash, id, slot);
    if (at == EventIdSegment.ABSENT) {
      segment.add(hash, id, slot, payload, tick, forgottenBefore);
      return true;
    }
    if (segment.tick(at) >= forgottenBefore && segment.payload(at) == payload) {
      return false;
    }
    segment.set(at, tick, payload);
    return true;
  }

  /** How many ids are held, forgotten ones that were not swept yet included. */
  long size() {
    long size = 0;
    for (EventIdSegment segment : segments) {
      size += segment == null ? 0 : segment.size();
    }
    return size;
  }

  /**
   * A view of the ids as they are, which stays the same while this table is added to, also on
   * another thread. Each segment is copied when it is next written.
   */
  EventIdTable frozen() {
    EventIdTable frozen = new EventIdTable();
    for (int i = 0; i < SEGMENTS; i++) {
      EventIdSegment segment = segments[i];
      frozen.segments[i] = segment == null ? null : segment.frozen();
    }
    frozen.forgottenBefore = forgottenBefore;
    return frozen;
  }

  /** Shows all ids that are known, in an order that depends on them alone. */
  void forEach(Visitor visitor) {
    for (EventIdSegment segment : segments) {
      if (segment == null) {
        continue;
      }
      for (int at : segment.known(forgottenBefore)) {
        visitor.visit(segment.id(at), segment.slot(at), segment.payload(at), segment.tick(at));
      }
    }
  }

  /** Sets what a snapshot says. */
  void restoreForgottenBefore(int restored) {
    forgottenBefore = restored;
  }

  /**
   * Adds what a snapshot says.
   *
   * @return false if the id is here already
   */
  boolean restore(EventId id, int slot, long payload, int tick) {
    long hash = EventIdSegment.hash(id, slot);
    EventIdSegment segment = segmentForWriting(hash);
    if (segment.find(hash, id, slot) != EventIdSegment.ABSENT) {
      return false;
    }
    segment.add(hash, id, slot, payload, tick, forgottenBefore);
    return true;
  }

  private void sweep(int steps) {
    int left = steps;
    // Removals within a segment that is done are not counted: they are fewer than its places.
    for (int rounds = 0; left > 0 && rounds < SEGMENTS; rounds++) {
      EventIdSegment segment = segments[sweptSegment];
      if (segment != null) {
        int from = sweptPlace;
        sweptPlace = segment.sweep(from, left, forgottenBefore);
        left -= Math.max(1, sweptPlace - from);
        if (sweptPlace < segment.places()) {
          return;
        }
        if (segment.size() == 0) {
          segments[sweptSegment] = null;
        }
      }
      sweptSegment = (sweptSegment + 1) % SEGMENTS;
      sweptPlace = 0;
    }
  }

  private EventIdSegment segmentForWriting(long hash) {
    int index = segmentOf(hash);
    EventIdSegment segment = segments[index];
    if (segment == null) {
      segment = new EventIdSegment();
      segments[index] = segment;
    }
    return segment;
  }

  /** By the top bits; the low bits place an id within its segment. */
  private static int segmentOf(long hash) {
    return (int) (hash >>> (Long.SIZE - SEGMENT_BITS));
  }
}
