package org.tallyring.topology.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

final class QuotaTest {

  @Test
  void sixtyFourRangesOnThreeShards() {
    Quota quota = new Quota(64, 1, 3);
    assertThat(quota.least()).isEqualTo(21);
    assertThat(quota.most()).isEqualTo(22);
    assertThat(quota.bound()).isEqualTo(24);
    assertThat(quota.excess(21)).isEqualTo(-1);
    assertThat(quota.excess(22)).isEqualTo(2);
  }

  @Test
  void aWholeShareIsNotRounded() {
    Quota quota = new Quota(64, 2, 4);
    assertThat(quota.least()).isEqualTo(32);
    assertThat(quota.most()).isEqualTo(32);
    assertThat(quota.bound()).isEqualTo(36);
    assertThat(quota.excess(32)).isZero();
  }

  @Property
  void thereIsAlwaysRoomForEveryRange(
      @ForAll @IntRange(max = 14) int bits,
      @ForAll @Size(min = 1, max = 50) List<@IntRange(min = 1, max = 100) Integer> weights) {
    int rangeCount = 1 << bits;
    long total = weights.stream().mapToLong(Integer::longValue).sum();
    List<Quota> quotas =
        weights.stream().map(weight -> new Quota(rangeCount, weight, total)).toList();
    assertThat(quotas.stream().mapToInt(Quota::least).sum()).isLessThanOrEqualTo(rangeCount);
    assertThat(quotas.stream().mapToInt(Quota::most).sum()).isGreaterThanOrEqualTo(rangeCount);
    assertThat(quotas)
        .allSatisfy(
            quota -> {
              assertThat(quota.most() - quota.least()).isBetween(0, 1);
              assertThat(quota.bound()).isGreaterThanOrEqualTo(quota.most());
            });
  }
}
