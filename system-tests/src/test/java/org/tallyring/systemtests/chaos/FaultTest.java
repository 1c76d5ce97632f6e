package org.tallyring.systemtests.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class FaultTest {

  @Test
  void aListOfNamesIsRead() {
    assertThat(Fault.parse("kill-shard,disk-full"))
        .containsExactly(Fault.KILL_SHARD, Fault.DISK_FULL);
  }

  @Test
  void noNamesAreAll() {
    assertThat(Fault.parse("")).containsExactly(Fault.values());
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThatThrownBy(() -> Fault.parse("kill-shard,flood"))
        .hasMessageStartingWith("fault: flood (expected: one of [kill-shard, kill-controller,");
  }

  @Test
  void everyFaultHappensByChance() {
    for (Fault fault : Fault.values()) {
      assertThat(fault.weight()).as(fault.text()).isPositive();
    }
  }
}
