package org.tallyring.shardserver.engine;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.window.WindowLevel;

/**
 * The buckets of a namespace that are not sealed, the one that is to be sealed first at the head.
 *
 * <p>A bucket is due when the watermark has left its end well behind, since few events are that
 * late. One that comes all the same unseals its bucket, for as long again: a trickle of late events
 * must not decode and encode a bucket with every batch.
 *
 * <p>What one batch seals is bounded, at half a millisecond or so; a large bucket takes several
 * batches. So neither that nor a watermark that leaps, or a replay that jumps about in time, stops
 * anybody: buckets stay unsealed for a while.
 */
final class UnsealedBuckets {

  /** How far the watermark must have gone since the end of a bucket, or since it was unsealed. */
  static final long SEAL_AFTER_MILLIS = 600_000;

  /** About how many counts a batch seals at most. */
  private static final int COUNTS_AT_ONCE = 1 << 15;

  private record Unsealed(BucketCounts bucket, long restsSinceMillis) {}

  private final PriorityQueue<Unsealed> buckets =
      new PriorityQueue<>(Comparator.comparingLong(Unsealed::restsSinceMillis));

  private long watermarkMillis = Long.MIN_VALUE;

  /** The bucket that the last call left half sealed. */
  private @Nullable BucketCounts halfSealed;

  /** Takes a bucket that was made. */
  void addNew(BucketCounts bucket) {
    // All time never rests.
    if (bucket.level() != WindowLevel.ALL) {
      buckets.add(new Unsealed(bucket, bucket.endMillis()));
    }
  }

  /** Takes a bucket that is about to be unsealed. */
  void addAgain(BucketCounts bucket) {
    buckets.add(new Unsealed(bucket, watermarkMillis));
  }

  /**
   * Seals some of the buckets that are due.
   *
   * @return whether there were any
   */
  boolean seal(long newWatermarkMillis) {
    watermarkMillis = newWatermarkMillis;
    int left = COUNTS_AT_ONCE;
    Unsealed first = buckets.peek();
    boolean any = false;
    while (first != null
        && left > 0
        && watermarkMillis - SEAL_AFTER_MILLIS >= first.restsSinceMillis) {
      any = true;
      if (first.bucket == halfSealed && !first.bucket.isBeingSealed()) {
        // It was added to: it waits again, or a trickle would keep those behind it unsealed too.
        halfSealed = null;
        buckets.remove();
        addAgain(first.bucket);
        first = buckets.peek();
        continue;
      }
      left -= first.bucket.seal(left);
      if (first.bucket.isBeingSealed()) {
        halfSealed = first.bucket;
        break;
      }
      halfSealed = null;
      buckets.remove();
      first = buckets.peek();
    }
    return any;
  }

  /** Forgets the buckets before the edges. */
  void retire(RetentionEdges edges) {
    buckets.removeIf(unsealed -> unsealed.bucket.endMillis() <= edges.of(unsealed.bucket.level()));
  }
}
