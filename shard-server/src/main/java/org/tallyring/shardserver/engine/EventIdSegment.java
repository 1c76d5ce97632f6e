package org.tallyring.shardserver.engine;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.util.Arrays;

/**
 * A part of an {@link EventIdTable}: open addressing with linear probing, at most 3/4 full.
 *
 * <p>An entry is four numbers side by side, so that a look-up in a large table waits for memory
 * once: the id's first and last eight bytes, padded with zeros; then, from the top, the slot of its
 * key plus one (31 bits), the tick of its acceptance (29) and its length less one (4); then the
 * hash of its payload. The third number without the tick, together with the first two, tells ids
 * apart; it is 0 for a free place, since no slot plus one is.
 *
 * <p>Entries are removed without leaving marks: those behind move up (Knuth, The Art of Computer
 * Programming, volume 3, 6.4, algorithm R), so that a table that is swept for ever does not slow
 * down.
 */
final class EventIdSegment {

  /** In place of where an entry is. */
  static final int ABSENT = -1;

  private static final Hasher64 HASH = Hashing.xxh3_64();

  private static final int INITIAL_PLACES = 16;
  private static final int NUMBERS = 4;
  private static final int LOW = 1;
  private static final int META = 2;
  private static final int PAYLOAD = 3;

  private static final int LENGTH_BITS = 4;
  private static final int TICK_BITS = 29;
  private static final long LENGTH_MASK = (1L << LENGTH_BITS) - 1;
  private static final long TICK_MASK = EventIdTable.MAX_TICK;

  /** More places than an array has room for, since their number is a power of two. */
  private static final long PLACE_LIMIT = 1L << 29;

  private static final long IDENTITY_MASK = ~(TICK_MASK << LENGTH_BITS);

  private long[] entries = new long[INITIAL_PLACES * NUMBERS];
  private int size;

  /** Whether a frozen view reads the same array. */
  private boolean shared;

  /** The hash that places the id of a key's event. */
  static long hash(EventId id, int slot) {
    return HASH.hashLongLongLongToLong(id.high(), id.low(), identity(id, slot));
  }

  private static long identity(EventId id, int slot) {
    return ((slot + 1L) << (LENGTH_BITS + TICK_BITS)) | (id.length() - 1);
  }

  /** How many entries there are, forgotten ones included. */
  int size() {
    return size;
  }

  /** How many places there are. */
  int places() {
    return entries.length / NUMBERS;
  }

  /** Where an id is, or {@link #ABSENT}. */
  int find(long hash, EventId id, int slot) {
    long[] numbers = entries;
    int mask = places() - 1;
    long identity = identity(id, slot);
    for (int place = (int) hash & mask; ; place = (place + 1) & mask) {
      int at = place * NUMBERS;
      long meta = numbers[at + META];
      if (meta == 0) {
        return ABSENT;
      }
      if (numbers[at] == id.high()
          && numbers[at + LOW] == id.low()
          && (meta & IDENTITY_MASK) == identity) {
        return at;
      }
    }
  }

  int tick(int at) {
    return (int) ((entries[at + META] >>> LENGTH_BITS) & TICK_MASK);
  }

  long payload(int at) {
    return entries[at + PAYLOAD];
  }

  EventId id(int at) {
    int length = (int) (entries[at + META] & LENGTH_MASK) + 1;
    return new EventId(entries[at], entries[at + LOW], length);
  }

  int slot(int at) {
    return (int) (entries[at + META] >>> (LENGTH_BITS + TICK_BITS)) - 1;
  }

  /** A view of the entries as they are, which stays the same, also on another thread. */
  EventIdSegment frozen() {
    EventIdSegment frozen = new EventIdSegment();
    frozen.entries = entries;
    frozen.size = size;
    shared = true;
    return frozen;
  }

  private void beforeWriting() {
    if (shared) {
      entries = entries.clone();
      shared = false;
    }
  }

  /** Makes an entry say something new of its id. */
  void set(int at, int tick, long payload) {
    beforeWriting();
    entries[at + META] = (entries[at + META] & IDENTITY_MASK) | ((long) tick << LENGTH_BITS);
    entries[at + PAYLOAD] = payload;
  }

  /**
   * Adds an id that is not here.
   *
   * @param forgottenBefore entries with earlier ticks need not be kept
   */
  void add(long hash, EventId id, int slot, long payload, int tick, int forgottenBefore) {
    beforeWriting();
    if (size >= places() / 4 * 3) {
      makeRoom(forgottenBefore);
    }
    int at = freePlace((int) hash) * NUMBERS;
    entries[at] = id.high();
    entries[at + LOW] = id.low();
    entries[at + META] = identity(id, slot) | ((long) tick << LENGTH_BITS);
    entries[at + PAYLOAD] = payload;
    size++;
  }

  private int freePlace(int hash) {
    int mask = places() - 1;
    int place = hash & mask;
    while (entries[place * NUMBERS + META] != 0) {
      place = (place + 1) & mask;
    }
    return place;
  }

  /** Drops what is forgotten; makes twice the places unless that frees half of what may be used. */
  private void makeRoom(int forgottenBefore) {
    long[] old = entries;
    int known = 0;
    for (int at = 0; at < old.length; at += NUMBERS) {
      if (old[at + META] != 0 && tick(at) >= forgottenBefore) {
        known++;
      }
    }
    int factor = known >= places() / 8 * 3 ? 2 : 1;
    long[] larger = new long[Math.multiplyExact(old.length, factor)];
    int mask = larger.length / NUMBERS - 1;
    for (int at = 0; at < old.length; at += NUMBERS) {
      if (old[at + META] == 0 || tick(at) < forgottenBefore) {
        continue;
      }
      int place = (int) hashAt(at) & mask;
      while (larger[place * NUMBERS + META] != 0) {
        place = (place + 1) & mask;
      }
      System.arraycopy(old, at, larger, place * NUMBERS, NUMBERS);
    }
    entries = larger;
    size = known;
  }

  /**
   * Removes what is forgotten from some places.
   *
   * @param place where to begin
   * @param steps how many steps to make; to look at a place is one, to remove its entry is another
   * @return where to go on; the number of places at the end
   */
  int sweep(int place, int steps, int forgottenBefore) {
    int next = place;
    for (int step = 0; step < steps && next < places(); step++) {
      int at = next * NUMBERS;
      if (entries[at + META] != 0 && tick(at) < forgottenBefore) {
        // What moves into the place is looked at in the next step.
        remove(next);
      } else {
        next++;
      }
    }
    return next;
  }

  private void remove(int place) {
    beforeWriting();
    int mask = places() - 1;
    int hole = place;
    int next = (place + 1) & mask;
    while (entries[next * NUMBERS + META] != 0) {
      int home = (int) hashAt(next * NUMBERS) & mask;
      // It may move up unless its probe begins behind the hole.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        System.arraycopy(entries, next * NUMBERS, entries, hole * NUMBERS, NUMBERS);
        hole = next;
      }
      next = (next + 1) & mask;
    }
    Arrays.fill(entries, hole * NUMBERS, (hole + 1) * NUMBERS, 0);
    size--;
  }

  /**
   * Where the entries are that are not forgotten, in an order that depends on them alone: by hash,
   * then by id and key.
   */
  int[] known(int forgottenBefore) {
    // Sorted as numbers: the top bits of the hash, then the place. The few whose bits of the hash
    // are equal are put in order after that.
    long[] order = new long[size];
    int count = 0;
    for (int place = 0; place < places(); place++) {
      int at = place * NUMBERS;
      if (entries[at + META] != 0 && tick(at) >= forgottenBefore) {
        order[count++] = (hashAt(at) & -PLACE_LIMIT) | place;
      }
    }
    Arrays.sort(order, 0, count);
    int[] known = new int[count];
    for (int i = 0; i < count; i++) {
      int at = (int) (order[i] & (PLACE_LIMIT - 1)) * NUMBERS;
      int to = i;
      while (to > 0
          && (order[i] & -PLACE_LIMIT) == (order[to - 1] & -PLACE_LIMIT)
          && compare(at, known[to - 1]) < 0) {
        known[to] = known[to - 1];
        to--;
      }
      known[to] = at;
    }
    return known;
  }

  private int compare(int at, int other) {
    int result = Long.compare(hashAt(at), hashAt(other));
    for (int number = 0; number < META && result == 0; number++) {
      result = Long.compare(entries[at + number], entries[other + number]);
    }
    return result != 0
        ? result
        : Long.compare(entries[at + META] & IDENTITY_MASK, entries[other + META] & IDENTITY_MASK);
  }

  private long hashAt(int at) {
    return HASH.hashLongLongLongToLong(
        entries[at], entries[at + LOW], entries[at + META] & IDENTITY_MASK);
  }
}
