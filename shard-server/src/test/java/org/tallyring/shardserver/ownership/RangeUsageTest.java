package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.RangeStatus;

final class RangeUsageTest {

  private static final long BEGIN = 1_000_000;

  private final RangeUsage usage = new RangeUsage(5_000, BEGIN);

  private RangeStatus told(long increments, long nowMillis) {
    RangeStatus.Builder status = RangeStatus.newBuilder();
    usage.tell(increments, nowMillis, status);
    return status.build();
  }

  @Test
  void whatWasCountedUnderEarlierOwnersIsNoRate() {
    assertThat(told(5_000, BEGIN).getIncrementsPerSecond()).isZero();
    assertThat(told(5_000, BEGIN).getMeasuredMillis()).isZero();
    assertThat(told(7_000, BEGIN + 4_000).getIncrementsPerSecond()).isEqualTo(500);
    assertThat(told(7_000, BEGIN + 4_000).getMeasuredMillis()).isEqualTo(4_000);
  }

  @Test
  void theRateIsThatOfTheLastMinute() {
    for (int second = 10; second <= 300; second += 10) {
      // A thousand a second at first, none in the last two minutes.
      usage.look(5_000 + 1_000L * Math.min(second, 180), List.of(), BEGIN + second * 1_000L);
    }
    RangeStatus now = told(185_000, BEGIN + 305_000);
    assertThat(now.getIncrementsPerSecond()).isZero();
    assertThat(now.getMeasuredMillis()).isBetween(50_000L, 70_000L);
  }

  @Test
  void aClockThatIsSetBackBeginsAnew() {
    usage.look(6_000, List.of(), BEGIN + 10_000);
    usage.look(7_000, List.of(), BEGIN - 3_600_000);
    assertThat(told(8_000, BEGIN - 3_599_000).getIncrementsPerSecond()).isEqualTo(1_000);
    assertThat(told(9_000, BEGIN - 3_700_000).getMeasuredMillis()).isZero();
  }
}
