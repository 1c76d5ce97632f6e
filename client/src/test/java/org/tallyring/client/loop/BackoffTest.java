package org.tallyring.client.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BackoffTest {

  private final Backoff backoff =
      new Backoff(Duration.ofMillis(10), Duration.ofMillis(65), new Random(3));

  @Test
  void waitsDoubleUpToTheLongestAndAreDrawnFromTheUpperHalf() {
    for (int limit : new int[] {10, 20, 40, 65, 65, 65}) {
      assertThat(backoff.next())
          .isBetween(Duration.ofMillis(limit).dividedBy(2), Duration.ofMillis(limit));
    }
  }

  @Test
  void aSuccessBeginsAgain() {
    backoff.next();
    backoff.next();
    backoff.reset();

    assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(10));
  }

  @Test
  void boundsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new Backoff(Duration.ofMillis(10), Duration.ofMillis(9), new Random()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Backoff(Duration.ZERO, Duration.ofMillis(9), new Random()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
