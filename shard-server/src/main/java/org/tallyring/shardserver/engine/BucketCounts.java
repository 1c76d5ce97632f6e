package org.tallyring.shardserver.engine;

import static org.tallyring.shardserver.engine.CountQuality.NOTHING_MISSING;

import com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.Coins;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;
import org.tallyring.shardserver.engine.strategy.MorrisScale;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.shardserver.engine.strategy.UserSketch;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * The counts of one metric in one window, and how often late batches corrected them.
 *
 * <p>Counts begin as a small table and turn into pages when these take less memory, or when it gets
 * too large to be copied at once: in a busy window most slots have a count, in a quiet one few. In
 * the end they are sealed, until somebody adds again. The form never shows: it depends on the order
 * of arrival, and a restored bucket may have another one.
 */
final class BucketCounts {

  /** What the object takes besides its counts. */
  private static final int OBJECT_BYTES = 64;

  /** How large one table may be: copying it takes a tenth of a millisecond. */
  private static final int MAX_TABLE = 1 << 12;

  /** Tells the coins of conversions from those of increments; slots are added to it. */
  private static final long CONVERSION_SALT = 1L << 32;

  private final Interval interval;
  private SlotCounts counts = new SparseCounts(SparseCounts.MIN_CAPACITY);
  private @Nullable FrequentKeys frequent;

  /** While pages are being sealed. */
  private SealedCounts.@Nullable Sealing sealing;

  private CountQuality inherited = CountQuality.EXACT;
  private long revision;
  private long lastBatch;

  /**
   * An empty bucket.
   *
   * @param interval its time
   */
  BucketCounts(Interval interval) {
    this.interval = interval;
  }

  WindowLevel level() {
    return interval.level();
  }

  long startMillis() {
    return interval.startMillis();
  }

  /** The end, exclusive. */
  long endMillis() {
    return interval.endMillis();
  }

  /** Its time. */
  Interval interval() {
    return interval;
  }

  /** How many batches came after the window was final. */
  long revision() {
    return revision;
  }

  /** Sets what a snapshot says. */
  void restoreRevision(long restored) {
    revision = restored;
  }

  /**
   * The number of the last batch that added here, 0 for none since the start of the process: as
   * long as it stays the same, so do the counts.
   */
  long lastBatch() {
    return lastBatch;
  }

  /**
   * Notes that a batch adds here.
   *
   * @param batch the number of the batch in this process, rising from 1
   * @return whether this is the first row of the batch here and the window was final when the batch
   *     was accepted; then the revision has been raised
   */
  boolean touch(long batch, long acceptedAtMillis, long latenessMillis) {
    if (lastBatch == batch) {
      return false;
    }
    lastBatch = batch;
    if (level() == WindowLevel.ALL || endMillis() + latenessMillis > acceptedAtMillis) {
      return false;
    }
    revision++;
    return true;
  }

  /** Adds rows as a strategy does; counts of another form are converted first. */
  void add(Strategy strategy, RowBlock rows, int from, int to) {
    if (strategy instanceof Strategy.Morris morris) {
      MorrisCounts counters = morris(morris, rows.firstIncrement + from);
      counters.add(rows, SnapshotFormat.numberOf(level()), from, to);
    } else if (strategy instanceof Strategy.Distinct distinct) {
      distinct(distinct.log2Registers()).add(rows, from, to);
    } else {
      add(rows.slots, rows.deltas, from, to);
    }
  }

  /** Adds {@code deltas[i]} to {@code slots[i]} for each {@code i} in {@code [from, to)}. */
  void add(int[] slots, long[] deltas, int from, int to) {
    ExactCounts exact = exact();
    int next = exact.add(slots, deltas, from, to);
    while (next < to) {
      exact = larger(exact);
      counts = exact;
      next = exact.add(slots, deltas, next, to);
    }
  }

  /**
   * Adds rows to the keys with the highest counts.
   *
   * @return how many keys were dropped
   */
  int addFrequent(int mapSize, RowBlock rows, int from, int to) {
    FrequentKeys keys = frequent(mapSize);
    int dropped = 0;
    for (int i = from; i < to; i++) {
      dropped += keys.add(rows.key(i), rows.deltas[i]);
    }
    return dropped;
  }

  /** Takes over another bucket's counts, in the form of a strategy, of keys as they are. */
  void take(BucketCounts other, Strategy strategy, KeyTable keys) {
    revision = other.revision;
    inherited = other.quality();
    if (strategy instanceof Strategy.HeavyHitters hitters) {
      FrequentKeys taken = frequent(hitters.mapSize());
      if (other.frequent != null) {
        taken.merge(other.frequent);
        inherited = other.inherited;
      }
      other.counts.forEachRising(
          (slot, count) -> {
            taken.add(ByteString.copyFrom(keys.key(slot)), count);
            noteLost(count);
          });
      return;
    }
    if (other.frequent != null) {
      for (FrequentKeys.Entry entry : other.frequent.best(Integer.MAX_VALUE)) {
        byte[] key = entry.key().toByteArray();
        addOne(keys.slotOfAdded(key, 0, key.length), entry.count());
      }
    }
    other.counts.forEachRising(this::addOne);
  }

  /** Adds another bucket's counts, sums by slot, to these. */
  void fold(BucketCounts other) {
    inherited = inherited.plus(other.quality());
    revision += other.revision;
    lastBatch = Math.max(lastBatch, other.lastBatch);
    other.counts.forEachRising(this::addOne);
  }

  /** Adds to one slot. */
  void addOne(int slot, long delta) {
    add(new int[] {slot}, new long[] {delta}, 0, 1);
  }

  /** The counts, to read at once: the next addition may give the bucket others. */
  SlotCounts counts() {
    return counts;
  }

  /** The counts to add to, if they are pages. */
  @Nullable PagedCounts pagesForWriting() {
    sealing = null;
    return counts instanceof PagedCounts pages ? pages : null;
  }

  /** A frozen view of the counts, which must be exact. */
  ExactCounts frozenCounts() {
    return ((ExactCounts) counts).frozen();
  }

  /** The keys with the highest counts, or null unless they are what is counted. */
  @Nullable FrequentKeys frequent() {
    return frequent;
  }

  /** The keys with the highest counts, to add to. */
  FrequentKeys frequent(int mapSize) {
    FrequentKeys keys = frequent;
    if (keys == null) {
      keys = new FrequentKeys(mapSize);
      frequent = keys;
    }
    return keys;
  }

  /** The numbers of users, to add to. */
  DistinctCounts distinct(int log2Registers) {
    if (counts instanceof DistinctCounts distinct) {
      return distinct;
    }
    DistinctCounts distinct = new DistinctCounts(log2Registers);
    counts = distinct;
    return distinct;
  }

  /** Sets what a snapshot says; the counters are restored one by one. */
  MorrisCounts restoreMorris(double base) {
    if (counts instanceof MorrisCounts restored && restored.scale().base() == base) {
      return restored;
    }
    MorrisCounts restored = new MorrisCounts(new MorrisScale(base));
    counts = restored;
    return restored;
  }

  /**
   * Adds exact counts of other keys, in the form of a strategy if they are in another form here.
   */
  void mergeExact(Strategy strategy, int[] slots, long[] added) {
    if (counts instanceof MorrisCounts && strategy instanceof Strategy.Morris morris) {
      MorrisCounts counters = morris(morris, startMillis());
      for (int i = 0; i < slots.length; i++) {
        takeConverted(counters, slots[i], added[i]);
      }
    } else {
      add(slots, added, 0, slots.length);
    }
  }

  /**
   * Adds Morris's counters of other keys: as they are where all are on one scale, which is so
   * unless a swap had not reached all of them. Where it had not, those that meet here take the form
   * of the strategy that it was to.
   */
  void mergeMorris(Strategy strategy, MorrisScale scale, int[] slots, char[] exponents) {
    boolean same = counts instanceof MorrisCounts here && here.scale().base() == scale.base();
    boolean empty = !(counts instanceof MorrisCounts) && counts.size() == 0;
    if (same || empty) {
      MorrisCounts counters = restoreMorris(scale.base());
      for (int i = 0; i < slots.length; i++) {
        counters.restore(slots[i], exponents[i]);
      }
      return;
    }
    inherited = inherited.or(new CountQuality(0, scale.standardError(), NOTHING_MISSING));
    if (strategy instanceof Strategy.Morris morris) {
      MorrisCounts counters = morris(morris, startMillis());
      for (int i = 0; i < slots.length; i++) {
        takeConverted(counters, slots[i], scale.count(exponents[i]));
      }
    } else {
      for (int i = 0; i < slots.length; i++) {
        addOne(slots[i], scale.count(exponents[i]));
      }
    }
  }

  private void takeConverted(MorrisCounts counters, int slot, long count) {
    counters.take(slot, count, Coins.flip(startMillis(), CONVERSION_SALT + slot));
    noteLost(count);
  }

  /** The count of a slot, 0 if it has none. */
  long get(int slot) {
    return counts.get(slot);
  }

  /** How many counts there are. */
  int size() {
    return counts.size() + (frequent == null ? 0 : frequent.size());
  }

  /** What the structures take, about. */
  long bytes() {
    return OBJECT_BYTES + counts.bytes() + (frequent == null ? 0 : frequent.bytes());
  }

  /** How good the counts are. */
  CountQuality quality() {
    if (counts instanceof MorrisCounts morris) {
      return inherited.or(new CountQuality(0, morris.scale().standardError(), NOTHING_MISSING));
    }
    if (counts instanceof DistinctCounts distinct) {
      double error = UserSketch.standardError(distinct.log2Registers());
      return inherited.or(new CountQuality(0, error, NOTHING_MISSING));
    }
    return frequent == null
        ? inherited
        : inherited.plus(new CountQuality(frequent.maxError(), 0, NOTHING_MISSING));
  }

  /** What is left of the quality of counts that these were converted from. */
  CountQuality inheritedQuality() {
    return inherited;
  }

  /** Sets what a snapshot says. */
  void restoreInheritedQuality(CountQuality restored) {
    inherited = restored;
  }

  /**
   * The best {@code k}, to be asked for again and again.
   *
   * @param floor a count that {@code k} counts are likely to reach
   */
  Ranking ranking(KeyTable keys, int k, long likelyFloor, long floor) {
    if (frequent != null) {
      return Ranking.of(frequent.best(k), revision);
    }
    return counts instanceof PagedCounts pages
        ? pages.best(keys, k, floor, revision)
        : RankingHeap.rank(keys, counts, revision, k, likelyFloor, floor);
  }

  /** Whether the counts are compressed, so that the next addition must decode them. */
  boolean isSealed() {
    return counts instanceof SealedCounts;
  }

  /**
   * Compresses counts, if they are exact, in steps. An addition in between begins it anew.
   *
   * @param limit about how many at once
   * @return how many
   */
  int seal(int limit) {
    if (counts instanceof SparseCounts sparse) {
      SealedCounts sealed = SealedCounts.of(sparse);
      counts = sealed;
      return sealed.size();
    }
    if (!(counts instanceof PagedCounts pages)) {
      return 0;
    }
    SealedCounts.Sealing step = sealing == null ? new SealedCounts.Sealing(pages) : sealing;
    int done = step.advance(limit);
    sealing = step;
    if (step.isDone()) {
      counts = step.sealed();
      sealing = null;
    }
    return done;
  }

  /** Whether {@link #seal} must be called again for the rest. */
  boolean isBeingSealed() {
    return sealing != null;
  }

  private ExactCounts exact() {
    sealing = null;
    if (counts instanceof ExactCounts exact) {
      return exact;
    }
    inherited = quality();
    SparseCounts table = new SparseCounts(SparseCounts.capacityFor(Math.max(1, counts.size())));
    counts.forEach(Long.MIN_VALUE, table::put);
    counts = table;
    return table;
  }

  private MorrisCounts morris(Strategy.Morris morris, long increment) {
    if (counts instanceof MorrisCounts same && same.scale().base() == morris.base()) {
      return same;
    }
    sealing = null;
    inherited = quality();
    MorrisCounts converted = new MorrisCounts(new MorrisScale(morris.base()));
    counts.forEachRising(
        (slot, count) -> {
          converted.take(slot, count, Coins.flip(increment, CONVERSION_SALT + slot));
          noteLost(count);
        });
    counts = converted;
    return converted;
  }

  /** Counts that have been corrected to less than nothing cannot be converted. */
  private void noteLost(long count) {
    if (count < 0) {
      inherited = inherited.or(new CountQuality(AbsoluteSum.of(count), 0, NOTHING_MISSING));
    }
  }

  private static ExactCounts larger(ExactCounts full) {
    if (full instanceof SealedCounts sealed) {
      return copy(sealed, sealed.highestSlot(), SparseCounts.capacityFor(sealed.size()));
    }
    SparseCounts sparse = (SparseCounts) full;
    SparseCounts roomier = sparse.roomier();
    return isTable(sparse.highestSlot(), roomier.capacity())
        ? roomier
        : copy(sparse, sparse.highestSlot(), roomier.capacity());
  }

  /** Whether a table takes less memory than pages, and is not too large to be copied at once. */
  private static boolean isTable(int highestSlot, int capacity) {
    return capacity <= MAX_TABLE
        && PagedCounts.bytesFor(highestSlot) > (long) capacity * SparseCounts.ENTRY_BYTES;
  }

  private static ExactCounts copy(ExactCounts counts, int highestSlot, int capacity) {
    if (!isTable(highestSlot, capacity)) {
      PagedCounts pages = new PagedCounts();
      counts.forEach(Long.MIN_VALUE, pages::put);
      return pages;
    }
    SparseCounts table = new SparseCounts(capacity);
    counts.forEach(Long.MIN_VALUE, table::put);
    return table;
  }
}
