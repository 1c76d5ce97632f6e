package org.tallyring.topology.assignment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class MemberStateTest {

  private static final Map<MemberState, Set<MemberState>> LEGAL =
      Map.of(
          MemberState.JOINING,
          Set.of(MemberState.ACTIVE, MemberState.DRAINING, MemberState.LEFT, MemberState.DEAD),
          MemberState.ACTIVE,
          Set.of(MemberState.DRAINING, MemberState.LEFT, MemberState.DEAD),
          MemberState.DRAINING,
          Set.of(MemberState.LEFT, MemberState.DEAD),
          MemberState.LEFT,
          Set.of(MemberState.JOINING),
          MemberState.DEAD,
          Set.of(MemberState.JOINING));

  @Test
  void everyPairOfStatesIsLegalOrRefusedAsTheTableSays() {
    for (MemberState from : MemberState.values()) {
      for (MemberState to : MemberState.values()) {
        if (LEGAL.getOrDefault(from, Set.of()).contains(to)) {
          assertThat(from.to(to)).isEqualTo(to);
        } else {
          assertThatThrownBy(() -> from.to(to))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining(from + " to " + to);
        }
      }
    }
  }
}
