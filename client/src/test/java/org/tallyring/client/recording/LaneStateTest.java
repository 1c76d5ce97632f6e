package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class LaneStateTest {

  private static final Map<LaneState, Set<LaneState>> LEGAL =
      Map.of(
          LaneState.FLOWING, Set.of(LaneState.DRAINING, LaneState.WAITING, LaneState.CLOSED),
          LaneState.DRAINING, Set.of(LaneState.FLOWING, LaneState.WAITING, LaneState.CLOSED),
          LaneState.WAITING, Set.of(LaneState.FLOWING, LaneState.CLOSED),
          LaneState.CLOSED, Set.of());

  @Test
  void everyPairOfStatesIsEitherALegalMoveOrRefused() {
    for (LaneState from : LaneState.values()) {
      for (LaneState to : LaneState.values()) {
        if (LEGAL.getOrDefault(from, Set.of()).contains(to)) {
          assertThat(from.become(to)).isEqualTo(to);
        } else {
          assertThatThrownBy(() -> from.become(to))
              .as("%s to %s", from, to)
              .isInstanceOf(IllegalStateException.class);
        }
      }
    }
  }
}
