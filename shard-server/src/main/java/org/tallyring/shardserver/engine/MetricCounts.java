package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * All buckets of one metric, with a cursor on the buckets that hold one minute: increments come
 * mostly in the order of time, so that the cursor seldom moves.
 */
final class MetricCounts {

  private static final WindowLevel[] LEVELS = WindowLevel.values();

  private final String name;
  private final Map<WindowLevel, Map<Long, BucketCounts>> buckets =
      new EnumMap<>(WindowLevel.class);
  private long lateCorrections;
  private long lastLateBatch;

  // The cursor. Before its first move the minute is empty and contains no time.
  private final BucketCounts[] cursor = new BucketCounts[LEVELS.length];
  private final long[] cursorEndMillis = new long[LEVELS.length];
  private boolean cursorSet;

  /** A metric without counts. */
  MetricCounts(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** How many batches corrected final windows. */
  long lateCorrections() {
    return lateCorrections;
  }

  /** Sets what a snapshot says. */
  void restoreLateCorrections(long restored) {
    lateCorrections = restored;
  }

  /** The bucket of a window, or null when nothing was ever counted in it. */
  @Nullable BucketCounts bucket(WindowLevel level, long startMillis) {
    return bucketsOf(level).get(startMillis);
  }

  /** The buckets of an interval in which anything was counted, in the order of time. */
  List<BucketCounts> buckets(Interval interval) {
    Map<Long, BucketCounts> ofLevel = bucketsOf(interval.level());
    List<BucketCounts> found = new ArrayList<>();
    for (long start = interval.startMillis();
        start < interval.endMillis();
        start = interval.level().end(start)) {
      BucketCounts bucket = ofLevel.get(start);
      if (bucket != null) {
        found.add(bucket);
      }
    }
    return found;
  }

  /** The bucket of a window, made if there is none. */
  BucketCounts bucketForWriting(WindowLevel level, long startMillis) {
    return bucketsOf(level).computeIfAbsent(startMillis, start -> new BucketCounts(level, start));
  }

  /** All buckets, by level and start. */
  List<BucketCounts> sortedBuckets() {
    List<BucketCounts> all = new ArrayList<>();
    buckets.values().forEach(ofLevel -> all.addAll(ofLevel.values()));
    all.sort(
        Comparator.comparing(BucketCounts::level).thenComparingLong(BucketCounts::startMillis));
    return all;
  }

  /** Puts the cursor on the buckets that contain a time. */
  void moveTo(long timeMillis) {
    // Minutes lie within hours, hours within days, and so on: a level whose bucket still fits ends
    // the search.
    for (int i = 0; i < LEVELS.length; i++) {
      if (cursorSet && timeMillis < cursorEndMillis[i] && timeMillis >= cursor[i].startMillis()) {
        return;
      }
      BucketCounts bucket = bucketForWriting(LEVELS[i], LEVELS[i].start(timeMillis));
      cursor[i] = bucket;
      cursorEndMillis[i] = LEVELS[i].end(bucket.startMillis());
    }
    cursorSet = true;
  }

  /** The bucket of a level that the cursor is on. */
  @Nullable BucketCounts current(WindowLevel level) {
    return cursor[level.ordinal()];
  }

  /** The start of the minute that the cursor is on. */
  long minuteStartMillis() {
    return cursor[0].startMillis();
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
   */
  void add(
      long batch, long acceptedAtMillis, long latenessMillis, RowBlock rows, int from, int to) {
    boolean late = false;
    for (BucketCounts bucket : cursor) {
      late |= bucket.touch(batch, acceptedAtMillis, latenessMillis);
      bucket.add(rows.slots, rows.deltas, from, to);
    }
    if (late && lastLateBatch != batch) {
      lastLateBatch = batch;
      lateCorrections++;
    }
  }

  private Map<Long, BucketCounts> bucketsOf(WindowLevel level) {
    return buckets.computeIfAbsent(level, unused -> new HashMap<>());
  }
}
