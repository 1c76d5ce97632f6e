package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** The buckets of one metric that are kept and in which anything was counted, by time. */
final class MetricBuckets {

  private final RetentionEdges edges;
  private BucketWidth width;

  /** The finest buckets hold everything from here on, if retention does not say later. */
  private long finestFromMillis = RetentionEdges.NONE;

  private final UnsealedBuckets unsealed;
  private final List<NavigableMap<Long, BucketCounts>> byLevel = new ArrayList<>();

  /**
   * No buckets.
   *
   * @param edges of the namespace
   * @param unsealed of the namespace
   * @param width how long the finest buckets are
   */
  MetricBuckets(RetentionEdges edges, UnsealedBuckets unsealed, BucketWidth width) {
    this.edges = edges;
    this.width = width;
    this.unsealed = unsealed;
    for (int level = 0; level < WindowLevel.values().length; level++) {
      byLevel.add(new TreeMap<>());
    }
  }

  /** How long the finest buckets are. */
  BucketWidth width() {
    return width;
  }

  /** From when on the finest buckets hold everything, if retention does not say later. */
  long finestFromMillis() {
    return finestFromMillis;
  }

  /** Sets what a snapshot says. */
  void restoreFinestFrom(long restored) {
    finestFromMillis = restored;
  }

  /**
   * The start of the first bucket of a level from which on everything is here.
   *
   * <p>Finest buckets that are longer than a minute straddle the namespace's edge, which is the
   * border of a minute: the one that contains it is kept, since its end lies after it.
   */
  long edge(WindowLevel level) {
    return edge(level, edges.of(level));
  }

  /** What the edge of a level would be if that of the namespace was this one. */
  long edge(WindowLevel level, long ofNamespace) {
    if (level != WindowLevel.MINUTE || ofNamespace == RetentionEdges.NONE) {
      return level == WindowLevel.MINUTE ? finestFromMillis : ofNamespace;
    }
    return Math.max(finestFromMillis, width.start(level, ofNamespace));
  }

  /** The bucket of a window, or null when nothing was ever counted in it or it was retired. */
  @Nullable BucketCounts find(WindowLevel level, long startMillis) {
    return of(level).get(startMillis);
  }

  /**
   * The bucket of a window, made if there is none and noted as unsealed, which the caller's
   * addition will make it.
   *
   * @return null if it lies before the level's edge
   */
  @Nullable BucketCounts forWriting(WindowLevel level, long startMillis) {
    if (startMillis < edge(level)) {
      return null;
    }
    BucketCounts bucket = of(level).get(startMillis);
    if (bucket == null) {
      bucket =
          new BucketCounts(new Interval(level, width, startMillis, width.end(level, startMillis)));
      of(level).put(startMillis, bucket);
      unsealed.addNew(bucket);
    } else if (bucket.isSealed()) {
      unsealed.addAgain(bucket);
    }
    return bucket;
  }

  /** The buckets of an interval's own level in it, in the order of time. */
  Collection<BucketCounts> within(Interval interval) {
    return between(interval.level(), interval.startMillis(), interval.endMillis());
  }

  /**
   * As few buckets as hold together what those of an interval's own level hold: the coarser ones
   * that lie in it as a whole, the finer ones at its edges. A day by the minute takes 23 hours and
   * 60 minutes instead of 1,440 minutes.
   *
   * <p>They hold the same counts because every increment was counted in both, from the edge of the
   * finer level on, before which the interval must not start, and from that of the coarser.
   */
  List<BucketCounts> covering(Interval interval) {
    List<BucketCounts> found = new ArrayList<>();
    cover(interval.level(), interval.startMillis(), interval.endMillis(), found);
    return found;
  }

  private void cover(WindowLevel level, long start, long end, List<BucketCounts> found) {
    if (level.compareTo(WindowLevel.MONTH) < 0) {
      WindowLevel coarser = WindowLevel.values()[level.ordinal() + 1];
      long earliest = Math.max(start, edge(coarser));
      long innerStart = coarser.start(earliest);
      if (innerStart < earliest) {
        innerStart = coarser.end(innerStart);
      }
      long innerEnd = coarser.start(end);
      if (innerStart < innerEnd) {
        found.addAll(between(level, start, innerStart));
        cover(coarser, innerStart, innerEnd, found);
        found.addAll(between(level, innerEnd, end));
        return;
      }
    }
    found.addAll(between(level, start, end));
  }

  /**
   * Has finest buckets of another length from here on. Those held are folded if the new ones are
   * put together of whole old ones; the first new one that would lack any is dropped. Otherwise
   * they are dropped: the coarser buckets hold the same counts, and answer for the past.
   *
   * @param newWidth the new length
   * @param nextMillis no event time so far lies here or later
   */
  void cut(BucketWidth newWidth, long nextMillis) {
    if (newWidth.equals(width)) {
      return;
    }
    List<BucketCounts> old = List.copyOf(of(WindowLevel.MINUTE).values());
    boolean foldable = width.divides(newWidth);
    long from = foldable ? edge(WindowLevel.MINUTE) : nextMillis;
    of(WindowLevel.MINUTE).clear();
    width = newWidth;
    finestFromMillis =
        from == RetentionEdges.NONE ? from : width.endAtOrAfter(WindowLevel.MINUTE, from);
    if (foldable) {
      for (BucketCounts bucket : old) {
        BucketCounts into =
            forWriting(WindowLevel.MINUTE, width.start(WindowLevel.MINUTE, bucket.startMillis()));
        if (into != null) {
          into.fold(bucket);
        }
      }
    }
  }

  /**
   * Drops all buckets, and has finest ones of another length from here on. Those not sealed yet
   * stay known as such until they are due.
   */
  void clear(BucketWidth newWidth) {
    byLevel.forEach(NavigableMap::clear);
    width = newWidth;
    finestFromMillis = RetentionEdges.NONE;
  }

  /** Drops the buckets before the edges. */
  void retire() {
    for (WindowLevel level : RetentionEdges.LEVELS) {
      of(level).headMap(edge(level)).clear();
    }
  }

  /** All buckets, by level and start. */
  List<BucketCounts> sorted() {
    List<BucketCounts> all = new ArrayList<>();
    byLevel.forEach(ofLevel -> all.addAll(ofLevel.values()));
    return all;
  }

  /** The buckets of a level that start in {@code [start, end)}, in the order of time. */
  Collection<BucketCounts> between(WindowLevel level, long start, long end) {
    return of(level).subMap(start, end).values();
  }

  private NavigableMap<Long, BucketCounts> of(WindowLevel level) {
    return byLevel.get(level.ordinal());
  }
}
