package org.tallyring.topology.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RangeTableTest {

  @Property
  void aHashLiesBetweenTheStartsOfItsRangeAndOfTheNext(
      @ForAll long hash, @ForAll @IntRange(max = 14) int bits) {
    RangeTable table = new RangeTable(1 << bits);
    int range = table.rangeOf(hash);
    assertThat(Long.compareUnsigned(table.startOf(range), hash)).isNotPositive();
    if (range + 1 < table.rangeCount()) {
      assertThat(Long.compareUnsigned(hash, table.startOf(range + 1))).isNegative();
    }
  }

  @Test
  void theBordersOfFourRangesAreTheQuartersOfTheRing() {
    RangeTable table = new RangeTable(4);
    assertThat(table.rangeOf(0)).isZero();
    assertThat(table.rangeOf(0x3FFF_FFFF_FFFF_FFFFL)).isZero();
    assertThat(table.rangeOf(0x4000_0000_0000_0000L)).isEqualTo(1);
    assertThat(table.rangeOf(Long.MAX_VALUE)).isEqualTo(1);
    assertThat(table.rangeOf(Long.MIN_VALUE)).isEqualTo(2);
    assertThat(table.rangeOf(-1)).isEqualTo(3);
    assertThat(table.startOf(3)).isEqualTo(0xC000_0000_0000_0000L);
  }

  @Test
  void aSingleRangeHoldsEverything() {
    RangeTable table = new RangeTable(1);
    assertThat(table.rangeOf(0)).isZero();
    assertThat(table.rangeOf(-1)).isZero();
    assertThat(table.startOf(0)).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 3, 63, 32_768})
  void aCountThatIsNoPowerOfTwoWithinBoundsIsRefused(int count) {
    assertThatThrownBy(() -> new RangeTable(count))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rangeCount: " + count + " (expected: a power of two, 1..16384)");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 64})
  void aRangeOutsideTheTableIsRefused(int range) {
    assertThatThrownBy(() -> new RangeTable(64).startOf(range))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rangeId: " + range + " (expected: 0..63)");
  }
}
