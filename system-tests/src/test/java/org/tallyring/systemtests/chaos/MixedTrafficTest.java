package org.tallyring.systemtests.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MixedTrafficTest {

  /** Goes through its keys, each with another metric and delta. */
  private record Rounds(List<String> keys, List<String> metrics, int[] steps) implements Traffic {

    Rounds(List<String> keys, List<String> metrics) {
      this(keys, metrics, new int[1]);
    }

    @Override
    public Step next() {
      int step = steps[0]++;
      return new Step(step % keys.size(), step % metrics.size(), step + 1, 1_000L * step);
    }
  }

  private final Traffic mixed =
      new MixedTraffic(
          new Rounds(List.of("a", "b", "c"), List.of("clicks", "views")),
          new Rounds(List.of("x"), List.of("likes")));

  @Test
  void theFavouritesOfBothComeFirst() {
    assertThat(mixed.keys()).containsExactly("a", "x", "b", "c");
    assertThat(mixed.metrics()).containsExactly("clicks", "views", "likes");
  }

  @Test
  void bothComeInTurnWithTheirOwnKeysAndMetrics() {
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Traffic.Step step = mixed.next();
      sent.add(
          "%s %s %d %d"
              .formatted(
                  mixed.keys().get(step.key()),
                  mixed.metrics().get(step.metric()),
                  step.delta(),
                  step.timeMillis()));
    }

    assertThat(sent)
        .containsExactly(
            "a clicks 1 0",
            "x likes 1 0",
            "b views 2 1000",
            "x likes 2 1000",
            "c clicks 3 2000",
            "x likes 3 2000");
  }
}
