package org.tallyring.shardserver.engine;

import static org.tallyring.shardserver.engine.CountQuality.NOTHING_MISSING;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;
import org.tallyring.shardserver.engine.strategy.HitLog;
import org.tallyring.shardserver.engine.strategy.Strategy;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * All counts of one metric, as its strategy has it, with a cursor on the buckets that hold one
 * moment: increments come mostly in the order of time, so that the cursor seldom moves.
 *
 * <p>All strategies but the sliding window count in buckets of every level and differ in what a
 * bucket holds. The sliding window has a {@link HitLog} and the bucket of all time, and keeps every
 * other level from the horizon on: a bucket's count is then the sum of its hits.
 */
final class MetricCounts {

  private static final WindowLevel[] LEVELS = WindowLevel.values();

  private final String namespace;
  private final String name;
  private final KeyTable keys;
  private final MetricBuckets buckets;
  private Strategy strategy;

  /** Only of a sliding window. */
  private @Nullable HitLog log;

  /** Before these event times, counts are missing: of all time, and of the other levels. */
  private long totalSinceMillis = NOTHING_MISSING;

  private long sinceMillis = NOTHING_MISSING;

  /** Tells what was counted before a swap from what is counted now; not part of the state. */
  private int swaps;

  private long hits;

  /** Entries dropped, but for those of the present log. */
  private long pruned;

  private long lateCorrections;
  private long lastLateBatch;
  private long lateIncrements;
  private long beyondRetention;

  // The cursor. A level whose bucket of that time is not kept has none. Before its first move, and
  // after being dropped, it is nowhere.
  private final @Nullable BucketCounts[] cursor = new BucketCounts[LEVELS.length];
  private final long[] cursorStartMillis = new long[LEVELS.length];
  private final long[] cursorEndMillis = new long[LEVELS.length];
  private boolean cursorSet;

  private OpenWindows openWindows = new OpenWindows();

  /** A metric without counts in a namespace. */
  MetricCounts(
      String namespace, String name, KeyTable keys, MetricBuckets buckets, Strategy strategy) {
    this.namespace = namespace;
    this.name = name;
    this.keys = keys;
    this.buckets = buckets;
    this.strategy = strategy;
    this.log = newLog(strategy);
  }

  private static @Nullable HitLog newLog(Strategy strategy) {
    return strategy instanceof Strategy.SlidingWindow sliding
        ? new HitLog(sliding.horizonMillis())
        : null;
  }

  String name() {
    return name;
  }

  MetricBuckets buckets() {
    return buckets;
  }

  /** The hits of a sliding window; null of another strategy. */
  @Nullable HitLog log() {
    return log;
  }

  /** The event time before which all-time counts are missing, or {@link #NOTHING_MISSING}. */
  long totalSinceMillis() {
    return totalSinceMillis;
  }

  /** The event time before which other counts are missing, or {@link #NOTHING_MISSING}. */
  long sinceMillis() {
    return sinceMillis;
  }

  /** What it counts by now. */
  Strategy strategy() {
    return strategy;
  }

  /** Increments applied, ever. */
  long hits() {
    return hits;
  }

  /** Entries dropped, but for those of the present log. */
  long prunedBesideLog() {
    return pruned;
  }

  /** Sets what a snapshot says. */
  void restoreStrategy(
      long restoredTotalSince, long restoredSince, long restoredHits, long restoredPruned) {
    totalSinceMillis = restoredTotalSince;
    sinceMillis = restoredSince;
    hits = restoredHits;
    pruned = restoredPruned;
  }

  /** How many batches corrected final windows. */
  long lateCorrections() {
    return lateCorrections;
  }

  /** How many increments came after their hour, the finest window, was final. */
  long lateIncrements() {
    return lateIncrements;
  }

  /** How many increments were too old for some bucket, and counted only in the coarser ones. */
  long beyondRetention() {
    return beyondRetention;
  }

  /** Sets what a snapshot says. */
  void restore(long restoredCorrections, long restoredLate, long restoredBeyond) {
    lateCorrections = restoredCorrections;
    lateIncrements = restoredLate;
    beyondRetention = restoredBeyond;
  }

  /** Puts the cursor on the buckets that contain a time. */
  void moveTo(long timeMillis) {
    // The finest lie within hours, hours within days, and so on: a level whose bucket still
    // contains the time ends the search.
    for (int i = 0; i < LEVELS.length; i++) {
      if (cursorSet && timeMillis < cursorEndMillis[i] && timeMillis >= cursorStartMillis[i]) {
        return;
      }
      cursorStartMillis[i] = buckets.width().start(LEVELS[i], timeMillis);
      cursorEndMillis[i] = buckets.width().end(LEVELS[i], cursorStartMillis[i]);
      cursor[i] =
          hasBuckets(LEVELS[i]) ? buckets.forWriting(LEVELS[i], cursorStartMillis[i]) : null;
    }
    cursorSet = true;
  }

  private boolean hasBuckets(WindowLevel level) {
    return log == null || level == WindowLevel.ALL;
  }

  /** The bucket of a level that the cursor is on; null if it is not kept. */
  @Nullable BucketCounts current(WindowLevel level) {
    return cursor[level.ordinal()];
  }

  /**
   * The window of a level that the cursor is in; null if it is not kept. Only windows, which have
   * the same borders for all metrics.
   */
  @Nullable Interval currentWindow(WindowLevel level) {
    BucketCounts bucket = cursor[level.ordinal()];
    if (bucket != null || log == null) {
      return bucket == null ? null : bucket.interval();
    }
    Interval window = Interval.window(level, cursorStartMillis[level.ordinal()]);
    return keeps(window) ? window : null;
  }

  /** How long the finest buckets are that it can be asked for. */
  BucketWidth bucketWidth() {
    return strategy.bucketWidth();
  }

  /** Takes the cursor away: buckets were retired or sealed. */
  void dropCursor() {
    cursorSet = false;
    Arrays.fill(cursor, null);
  }

  /** The start of the finest bucket that the cursor is on. */
  long finestStartMillis() {
    return cursorStartMillis[0];
  }

  /** Its end. */
  long finestEndMillis() {
    return cursorEndMillis[0];
  }

  /**
   * Adds rows to the buckets under the cursor.
   *
   * @param batch the number of the batch in this process, rising from 1
   * @param rows rows of this metric whose times lie in the cursor's finest bucket
   * @param events where to tell what happens
   */
  void add(
      long batch,
      long acceptedAtMillis,
      long latenessMillis,
      RowBlock rows,
      int from,
      int to,
      EventLog events) {
    long prunedBefore = prunedEver();
    boolean corrects = false;
    boolean complete = true;
    long increments = rows.increments(from, to);
    hits += increments;
    boolean together = strategy instanceof Strategy.FixedWindow && openWindows.bind(cursor);
    for (int i = 0; i < cursor.length; i++) {
      BucketCounts bucket = cursor[i];
      if (bucket == null) {
        complete &= !hasBuckets(LEVELS[i]);
      } else {
        if (bucket.touch(batch, acceptedAtMillis, latenessMillis)) {
          corrects = true;
          if (bucket.level().isWindow()) {
            events.windowCorrected(
                namespace, name, bucket.level(), bucket.startMillis(), bucket.revision());
          }
        }
        if (!together) {
          addTo(bucket, rows, from, to);
        }
      }
    }
    if (together) {
      openWindows.add(rows.slots, rows.deltas, from, to);
    }
    HitLog open = log;
    for (int i = from; open != null && i < to; i++) {
      open.add(rows.slots[i], rows.timesMillis[i], rows.deltas[i]);
    }
    if (prunedEver() > prunedBefore) {
      events.pruned(namespace, name, prunedEver() - prunedBefore);
    }
    if (corrects && lastLateBatch != batch) {
      lastLateBatch = batch;
      lateCorrections++;
    }
    if (!complete) {
      beyondRetention += increments;
    }
    WindowLevel hour = WindowLevel.HOUR;
    if (hour.isFinal(cursorStartMillis[hour.ordinal()], acceptedAtMillis, latenessMillis)) {
      lateIncrements += increments;
    }
  }

  /** How many entries were dropped, ever. */
  long prunedEver() {
    return pruned + (log == null ? 0 : log.pruned());
  }

  private void addTo(BucketCounts bucket, RowBlock rows, int from, int to) {
    if (strategy instanceof Strategy.HeavyHitters hitters) {
      pruned += bucket.addFrequent(hitters.mapSize(), rows, from, to);
    } else {
      bucket.add(strategy, rows, from, to);
    }
  }

  /** The count of a key in an interval. */
  long count(Interval interval, byte[] key) {
    if (strategy instanceof Strategy.HeavyHitters hitters) {
      return frequent(hitters, buckets.covering(interval)).count(ByteString.copyFrom(key));
    }
    int slot = keys.slotOf(key);
    return slot == KeyTable.NO_SLOT ? 0 : count(interval, slot);
  }

  /** The count of a slot in an interval. */
  long count(Interval interval, int slot) {
    long count = 0;
    for (SlotCounts part : parts(interval)) {
      count += part.get(slot);
    }
    return count;
  }

  /**
   * The counts of an interval, part by part: a count is the sum of the parts'. For one question,
   * since they change with the next batch.
   */
  List<SlotCounts> parts(Interval interval) {
    if (log != null && interval.level() != WindowLevel.ALL) {
      return List.of(new HitCounts(log, interval.startMillis(), interval.endMillis()));
    }
    List<BucketCounts> covering = buckets.covering(interval);
    if (strategy instanceof Strategy.HeavyHitters hitters) {
      return List.of(new FrequentCounts(name, keys, frequent(hitters, covering)));
    }
    if (strategy instanceof Strategy.Distinct distinct && covering.size() > 1) {
      int log2Registers = distinct.log2Registers();
      return List.of(
          new UnitedUsers(
              log2Registers,
              covering.stream().map(bucket -> bucket.distinct(log2Registers)).toList()));
    }
    if (strategy instanceof Strategy.FixedWindow && covering.size() > 1) {
      List<SlotCounts> fewer = BucketSum.of(buckets, interval);
      if (fewer != null) {
        return fewer;
      }
    }
    return covering.stream().map(BucketCounts::counts).toList();
  }

  /** Whether its counts are numbers of users, who are one however often they come. */
  boolean countsUsers() {
    return strategy instanceof Strategy.Distinct;
  }

  /**
   * The buckets that are added to whenever the counts of an interval change: its own, or the total
   * of a sliding window, to which every hit is added too.
   */
  Collection<BucketCounts> changing(Interval interval) {
    return buckets.within(log == null ? interval : Interval.window(WindowLevel.ALL, 0));
  }

  /** How often the strategy was swapped in this process. */
  int swaps() {
    return swaps;
  }

  private static FrequentKeys frequent(Strategy.HeavyHitters hitters, List<BucketCounts> covering) {
    if (covering.size() == 1) {
      return covering.get(0).frequent(hitters.mapSize());
    }
    FrequentKeys merged = new FrequentKeys(hitters.mapSize());
    covering.forEach(bucket -> merged.merge(bucket.frequent(hitters.mapSize())));
    return merged;
  }

  /** The counts of a key in the buckets of an interval, one by one. */
  long[] series(Interval interval, byte[] key) {
    long[] series = new long[interval.size()];
    long start = interval.startMillis();
    for (int i = 0; i < series.length; i++) {
      series[i] = count(interval.bucket(start), key);
      start = interval.end(start);
    }
    return series;
  }

  /** How many batches corrected the buckets of an interval after they were final. */
  long revision(Interval interval) {
    long revision = 0;
    for (BucketCounts bucket : buckets.within(interval)) {
      revision += bucket.revision();
    }
    return revision;
  }

  /** How good the counts of an interval are. */
  CountQuality quality(Interval interval) {
    CountQuality quality = CountQuality.EXACT;
    for (BucketCounts bucket : buckets.covering(interval)) {
      quality = quality.plus(bucket.quality());
    }
    // Also where nothing was counted yet, so that all ranges say the same.
    quality = quality.or(new CountQuality(0, strategy.standardError(), NOTHING_MISSING));
    long since = interval.level() == WindowLevel.ALL ? totalSinceMillis : sinceMillis;
    return since == NOTHING_MISSING
            || (interval.level() != WindowLevel.ALL && interval.startMillis() >= since)
        ? quality
        : quality.or(new CountQuality(0, 0, since));
  }

  /**
   * The best {@code k} of an interval.
   *
   * @param sum scratch: all 0, before and after
   */
  Ranking ranking(Interval interval, int k, CountSum sum) {
    return unlabelled(interval, k, sum).with(quality(interval));
  }

  private Ranking unlabelled(Interval interval, int k, CountSum sum) {
    long revision = revision(interval);
    if (strategy instanceof Strategy.HeavyHitters hitters) {
      return Ranking.of(frequent(hitters, buckets.covering(interval)).best(k), revision);
    }
    List<SlotCounts> parts = parts(interval);
    if (parts.size() == 1) {
      return RankingHeap.rank(
          keys, parts.get(0), revision, k, RankingHeap.NO_FLOOR, RankingHeap.NO_FLOOR);
    }
    try {
      parts.forEach(part -> part.addTo(sum, 1));
      return RankingHeap.rank(keys, sum, revision, k, RankingHeap.NO_FLOOR, RankingHeap.NO_FLOOR);
    } finally {
      sum.clear();
    }
  }

  /**
   * From when on everything is here that belongs in buckets of a level; the least number if nothing
   * was ever given up.
   *
   * @param width how long the finest buckets are that are asked for
   * @param nextMillis no event time so far lies here or later
   */
  long keptFrom(WindowLevel level, BucketWidth width, long nextMillis) {
    HitLog hitLog = log;
    if (hitLog != null && level != WindowLevel.ALL) {
      return hitLog.floorMillis();
    }
    if (level == WindowLevel.MINUTE && !strategy.bucketWidth().divides(width)) {
      // Nothing so far is in such buckets; after a swap to them everything that comes will be.
      return nextMillis;
    }
    return buckets.edge(level);
  }

  /** From when on the finest buckets hold everything; the least number if always. */
  long finestKeptFrom() {
    return keptFrom(WindowLevel.MINUTE, bucketWidth(), Long.MAX_VALUE);
  }

  /** Whether everything that belongs in an interval is here. */
  boolean keeps(Interval interval) {
    // Of buckets that cannot be put together none is here: their end lies after any start.
    return interval.startMillis()
        >= keptFrom(interval.level(), interval.width(), interval.endMillis());
  }

  /** What it has counted and holds. */
  MetricStats stats() {
    HitLog hitLog = log;
    long entries = hitLog == null ? 0 : hitLog.entries();
    long bytes = hitLog == null ? 0 : hitLog.bytes();
    for (BucketCounts bucket : buckets.sorted()) {
      entries += bucket.size();
      bytes += bucket.bytes();
    }
    BucketCounts total = buckets.find(WindowLevel.ALL, 0);
    return new MetricStats(hits, total == null ? 0 : total.size(), entries, prunedEver(), bytes);
  }

  /**
   * Counts by another strategy from here on. Between exact buckets and Morris's counters nothing
   * changes at once: each bucket is converted when it is next added to, and finest ones of another
   * length are folded or begin afresh. Otherwise totals are kept where both strategies count
   * increments, hits become the buckets that they lie in, and the rest begins afresh.
   *
   * @param watermarkMillis the highest event time seen: whatever is later will be counted
   * @param events where to tell what happens
   */
  void swap(Strategy to, long watermarkMillis, EventLog events) {
    Strategy from = strategy;
    if (to.equals(from)) {
      return;
    }
    strategy = to;
    openWindows = new OpenWindows();
    swaps++;
    events.strategySwapped(namespace, name, from.name(), to.name());
    dropCursor();
    long fresh = watermarkMillis == Long.MIN_VALUE ? Long.MIN_VALUE : watermarkMillis + 1;
    if (isSummed(from) && isSummed(to)) {
      buckets.cut(to.bucketWidth(), fresh);
      return;
    }
    if (from instanceof Strategy.HeavyHitters && to instanceof Strategy.HeavyHitters) {
      List<BucketCounts> oldBuckets = buckets.sorted();
      buckets.clear(to.bucketWidth());
      oldBuckets.forEach(old -> bucketFor(old.level(), old.startMillis()).take(old, to, keys));
      return;
    }
    HitLog oldLog = log;
    BucketCounts oldTotal = buckets.find(WindowLevel.ALL, 0);
    pruned += oldLog == null ? 0 : oldLog.pruned();
    log = newLog(to);
    buckets.clear(storedWidth(to));
    if (from instanceof Strategy.Distinct || to instanceof Strategy.Distinct) {
      totalSinceMillis = fresh;
      events.strategyReset(namespace, name, to.name());
    } else if (oldTotal != null) {
      bucketFor(WindowLevel.ALL, 0).take(oldTotal, to, keys);
    }
    if (oldLog != null && (log != null || isSummed(to))) {
      // What a longer horizon would have kept is missing, if anything is.
      sinceMillis =
          oldLog.pruned() == 0 ? sinceMillis : Math.max(sinceMillis, oldLog.floorMillis());
      oldLog.forEachHit(this::takeHit);
    } else {
      sinceMillis = fresh;
    }
  }

  /** How long the finest buckets are that a strategy counts in; hits need none. */
  static BucketWidth storedWidth(Strategy strategy) {
    return strategy instanceof Strategy.SlidingWindow ? BucketWidth.MINUTE : strategy.bucketWidth();
  }

  /** Whether a strategy's counts in buckets are sums by slot. */
  private static boolean isSummed(Strategy strategy) {
    return strategy instanceof Strategy.FixedWindow || strategy instanceof Strategy.Morris;
  }

  private void takeHit(int slot, long timeMillis, long delta) {
    HitLog open = log;
    if (open != null) {
      open.add(slot, timeMillis, delta);
      return;
    }
    for (WindowLevel level : LEVELS) {
      BucketCounts bucket =
          level == WindowLevel.ALL
              ? null
              : buckets.forWriting(level, buckets.width().start(level, timeMillis));
      if (bucket != null) {
        bucket.addOne(slot, delta);
      }
    }
  }

  private BucketCounts bucketFor(WindowLevel level, long startMillis) {
    return Objects.requireNonNull(buckets.forWriting(level, startMillis));
  }
}
