package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How long batches wait, in microseconds. */
final class LingerTest {

  private static final long ALONE =
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
    assertThat(wait(0)).isEqualTo(ALONE);
    assertThat(wait(64)).isEqualTo(ALONE + 64 * 150);
  }

  @Test
  void itIsNoLongerThanTwoAnswers() {
    answers(1, 4_000);
    assertThat(wait(64)).isEqualTo(8_000);
    assertThat(wait(2)).as("few batches wait for less than that").isEqualTo(ALONE + 2 * 150);
  }

  @Test
  void noAnswerIsSoSoonThatBatchesFollowEachOtherWithoutABreak() {
    answers(1, 10);
    assertThat(wait(0)).isEqualTo(ALONE);
    assertThat(wait(64)).isEqualTo(ALONE + 64 * 75);
  }

  @Test
  void slowAnswersMakeItNoLongerThanTheBatchesDo() {
    answers(1, 1_000_000);
    assertThat(wait(64)).isEqualTo(ALONE + 64 * 150);
  }

  @Test
  void oneSlowAnswerAmongManyChangesLittleAndManyChangeItAll() {
    answers(1, 4_000);
    answers(1, 50_000);
    assertThat(wait(64)).isBetween(8_000L, 8_500L);
    answers(2_000, 5_000);
    assertThat(wait(64)).isBetween(9_900L, 10_100L);
  }

  @Test
  void behindABatchOnItsWayTheWaitIsLonger() {
    answers(1, 2_000);
    linger.noteBuilding(64);
    assertThat(linger.nanos(false)).isEqualTo(RecordingSettings.LINGER_WHILE_BUSY.toNanos());
  }
}
