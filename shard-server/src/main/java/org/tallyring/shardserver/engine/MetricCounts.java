package org.tallyring.shardserver.engine;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * All counts of one metric, with a cursor on the buckets that hold one minute: increments come
 * mostly in the order of time, so that the cursor seldom moves.
 */
final class MetricCounts {

  private static final WindowLevel[] LEVELS = WindowLevel.values();

  private final String namespace;
  private final String name;
  private final MetricBuckets buckets;
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

  /** A metric without counts in a namespace. */
  MetricCounts(String namespace, String name, MetricBuckets buckets) {
    this.namespace = namespace;
    this.name = name;
    this.buckets = buckets;
  }

  String name() {
    return name;
  }

  MetricBuckets buckets() {
    return buckets;
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
    // Minutes lie within hours, hours within days, and so on: a level whose bucket still fits ends
    // the search.
    for (int i = 0; i < LEVELS.length; i++) {
      if (cursorSet && timeMillis < cursorEndMillis[i] && timeMillis >= cursorStartMillis[i]) {
        return;
      }
      cursorStartMillis[i] = LEVELS[i].start(timeMillis);
      cursorEndMillis[i] = LEVELS[i].end(cursorStartMillis[i]);
      cursor[i] = buckets.forWriting(LEVELS[i], cursorStartMillis[i]);
    }
    cursorSet = true;
  }

  /** The bucket of a level that the cursor is on; null if it is not kept. */
  @Nullable BucketCounts current(WindowLevel level) {
    return cursor[level.ordinal()];
  }

  /** Takes the cursor away: buckets were retired or sealed. */
  void dropCursor() {
    cursorSet = false;
    Arrays.fill(cursor, null);
  }

  /** The start of the minute that the cursor is on. */
  long minuteStartMillis() {
    return cursorStartMillis[0];
  }

  /** Its end. */
  long minuteEndMillis() {
    return cursorEndMillis[0];
  }

  /**
   * Adds rows to the buckets under the cursor.
   *
   * @param batch the number of the batch in this process, rising from 1
   * @param rows rows of this metric whose times lie in the cursor's minute
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
    boolean corrects = false;
    boolean complete = true;
    for (BucketCounts bucket : cursor) {
      if (bucket == null) {
        complete = false;
      } else {
        if (bucket.touch(batch, acceptedAtMillis, latenessMillis)) {
          corrects = true;
          if (bucket.level().isWindow()) {
            events.windowCorrected(
                namespace, name, bucket.level(), bucket.startMillis(), bucket.revision());
          }
        }
        bucket.add(rows.slots, rows.deltas, from, to);
      }
    }
    if (corrects && lastLateBatch != batch) {
      lastLateBatch = batch;
      lateCorrections++;
    }
    if (!complete) {
      beyondRetention += to - from;
    }
    WindowLevel hour = WindowLevel.HOUR;
    if (hour.isFinal(cursorStartMillis[hour.ordinal()], acceptedAtMillis, latenessMillis)) {
      lateIncrements += to - from;
    }
  }

  /** The count of a slot in an interval. */
  long count(Interval interval, int slot) {
    long count = 0;
    for (BucketCounts bucket : buckets.covering(interval)) {
      count += bucket.get(slot);
    }
    return count;
  }

  /** The counts of a slot in the buckets of an interval, one by one. */
  long[] series(Interval interval, int slot) {
    long[] series = new long[interval.size()];
    long start = interval.startMillis();
    for (int i = 0; i < series.length; i++) {
      BucketCounts bucket = buckets.find(interval.level(), start);
      series[i] = bucket == null ? 0 : bucket.get(slot);
      start = interval.level().end(start);
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

  /**
   * The best {@code k} of an interval.
   *
   * @param sum scratch: all 0, before and after
   */
  Ranking ranking(KeyTable keys, Interval interval, int k, PagedCounts sum) {
    List<BucketCounts> covering = buckets.covering(interval);
    long revision = revision(interval);
    if (covering.size() == 1) {
      return RankingHeap.rank(keys, covering.get(0).counts(), revision, k, RankingHeap.NO_FLOOR);
    }
    covering.forEach(bucket -> bucket.counts().addTo(sum));
    try {
      return RankingHeap.rank(keys, sum, revision, k, RankingHeap.NO_FLOOR);
    } finally {
      sum.clear();
    }
  }
}
