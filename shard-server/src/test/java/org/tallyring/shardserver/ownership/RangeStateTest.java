package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RangeStateTest {

  private static final Map<RangeState, Set<RangeState>> LEGAL =
      Map.of(
          RangeState.FOLLOWING,
          Set.of(RangeState.RECOVERING, RangeState.LOST, RangeState.RELEASED),
          RangeState.RECOVERING,
          Set.of(RangeState.SERVING, RangeState.FENCED, RangeState.LOST, RangeState.RELEASED),
          RangeState.SERVING,
          Set.of(RangeState.HANDING_OFF, RangeState.FENCED, RangeState.LOST),
          RangeState.HANDING_OFF,
          Set.of(RangeState.RELEASED, RangeState.FENCED, RangeState.LOST),
          RangeState.FENCED,
          Set.of(RangeState.RELEASED),
          RangeState.LOST,
          Set.of(RangeState.RELEASED),
          RangeState.RELEASED,
          Set.of());

  @Test
  void everyPairOfStatesIsLegalOrRefusedAsTheTableSays() {
    for (RangeState from : RangeState.values()) {
      for (RangeState to : RangeState.values()) {
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

  @Test
  void everyStateButTheLastCanBeLeftAndTheLastCanBeReachedFromAll() {
    for (RangeState state : RangeState.values()) {
      assertThat(state.next().isEmpty()).isEqualTo(state == RangeState.RELEASED);
      assertThat(reaches(state, RangeState.RELEASED)).as("%s", state).isTrue();
    }
  }

  private static boolean reaches(RangeState from, RangeState to) {
    return from == to || from.next().stream().anyMatch(next -> reaches(next, to));
  }
}
