package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How long batches wait, in microseconds. */
final class LingerTest {

  private static final long SHORTEST =
      TimeUnit.NANOSECONDS.toMicros(RecordingSettings.LINGER.toNanos());

  private final Linger linger = new Linger();

  private long wait(int building) {
    linger.noteBuilding(building);
    return TimeUnit.NANOSECONDS.toMicros(linger.nanos(true));
  }

  private void answers(int times, long micros) {
    for (int i = 0; i < times; i++) {
      linger.noteAnswer(TimeUnit.MICROSECONDS.toNanos(micros));
    }
  }

  @Test
  void theWaitGrowsWithTheBatchesWhileNothingIsKnownOfAnswers() {
    assertThat(wait(0)).isEqualTo(SHORTEST);
    assertThat(wait(64)).isEqualTo(SHORTEST + 64 * 150);
  }

  @Test
  void itIsNoLongerThanTwoAnswers() {
    answers(1, 2_500);
    assertThat(wait(64)).isEqualTo(5_000);
    assertThat(wait(2)).as("few batches wait for less than that").isEqualTo(SHORTEST + 2 * 150);
  }

  @Test
  void noAnswerIsSoSoonThatTheWaitIsShorterThanWithOneLane() {
    answers(1, 10);
    assertThat(wait(64)).isEqualTo(SHORTEST);
  }

  @Test
  void slowAnswersMakeItNoLongerThanTheBatchesDo() {
    answers(1, 1_000_000);
    assertThat(wait(64)).isEqualTo(SHORTEST + 64 * 150);
  }

  @Test
  void oneSlowAnswerAmongManyChangesLittleAndManyChangeItAll() {
    answers(1, 2_000);
    answers(1, 50_000);
    assertThat(wait(64)).isBetween(4_000L, 4_500L);
    answers(2_000, 4_000);
    assertThat(wait(64)).isBetween(7_900L, 8_200L);
  }

  @Test
  void behindABatchOnItsWayTheWaitIsLonger() {
    answers(1, 2_000);
    linger.noteBuilding(64);
    assertThat(linger.nanos(false)).isEqualTo(RecordingSettings.LINGER_WHILE_BUSY.toNanos());
  }
}
