package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Three days in which minute {@code n} counted slot 0 {@code n + 1} times. */
class BucketSumTest {

  private static final long MINUTE = 60_000;
  private static final int MINUTES = 3 * 1_440;

  /** 2024-02-29T00:00:00Z, so that a month ends on the way. */
  private static final long START = 1_709_164_800_000L;

  private final MetricBuckets buckets =
      new MetricBuckets(new RetentionEdges(), new UnsealedBuckets(), BucketWidth.MINUTE);

  BucketSumTest() {
    for (int minute = 0; minute < MINUTES; minute++) {
      for (WindowLevel level : WindowLevel.values()) {
        long start = level.start(START + minute * MINUTE);
        Objects.requireNonNull(buckets.forWriting(level, start)).addOne(0, minute + 1);
      }
    }
  }

  @Property(tries = 200)
  void everySpanIsTheSumOfItsMinutes(
      @ForAll @IntRange(min = 0, max = MINUTES - 1) int from,
      @ForAll @IntRange(min = 1, max = MINUTES + 100) int minutes) {
    Interval span =
        new Interval(WindowLevel.MINUTE, START + from * MINUTE, START + (from + minutes) * MINUTE);
    long expected = 0;
    for (int minute = from; minute < Math.min(MINUTES, from + minutes); minute++) {
      expected += minute + 1;
    }

    List<SlotCounts> parts = Objects.requireNonNull(BucketSum.of(buckets, span));

    assertThat(parts.stream().mapToLong(part -> part.get(0)).sum()).isEqualTo(expected);
    CountSum sum = new CountSum();
    parts.forEach(part -> part.addTo(sum, 1));
    assertThat(sum.get(0)).isEqualTo(expected);
    assertThat(parts.size()).isLessThanOrEqualTo(buckets.covering(span).size());
  }

  @Test
  void aDayTakesFewBuckets() {
    long end = START + 2 * 1_440 * MINUTE + 630 * MINUTE;
    Interval day = new Interval(WindowLevel.MINUTE, end - 1_440 * MINUTE, end);

    assertThat(buckets.covering(day)).hasSize(83);
    assertThat(BucketSum.of(buckets, day)).hasSizeLessThanOrEqualTo(83);
    // Nothing was counted after the end of these: today and yesterday less ten hours and a half.
    Interval last =
        new Interval(
            WindowLevel.MINUTE,
            START + (MINUTES - 1_440 + 30) * MINUTE,
            START + (MINUTES + 30) * MINUTE);
    assertThat(BucketSum.of(buckets, last)).hasSizeLessThanOrEqualTo(32);
  }
}
