package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

class UnsealedBucketsTest {

  private static final int SLOTS = 100_000;

  private final UnsealedBuckets unsealed = new UnsealedBuckets();
  private final BucketCounts first = bucket(0);
  private final BucketCounts second = bucket(60_000);

  private BucketCounts bucket(long startMillis) {
    BucketCounts bucket =
        new BucketCounts(Interval.window(WindowLevel.MINUTE, Batches.NOON + startMillis));
    long[] ones = new long[SLOTS];
    Arrays.fill(ones, 1);
    bucket.add(IntStream.range(0, SLOTS).toArray(), ones, 0, SLOTS);
    unsealed.addNew(bucket);
    return bucket;
  }

  @Test
  void aBucketThatIsAddedToAgainAndAgainDoesNotKeepOthersUnsealed() {
    long now = second.endMillis() + UnsealedBuckets.SEAL_AFTER_MILLIS;
    for (int i = 0; i < 20; i++) {
      first.addOne(i, 1);
      unsealed.seal(now);
    }
    assertThat(second.isSealed()).isTrue();
    assertThat(first.isSealed()).isFalse();

    for (int i = 0; i < 10; i++) {
      unsealed.seal(now + UnsealedBuckets.SEAL_AFTER_MILLIS);
    }
    assertThat(first.isSealed()).isTrue();
    assertThat(first.get(0)).isEqualTo(2);
  }
}
