package org.tallyring.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ScheduleTest {

  private static final long START = 1_000_000_007L;

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 3, 7, 999, 20_000, 1_000_000, 333_333.3})
  void whatIsDueByATimeIsExactlyWhatIsDueUntilThen(double rate) {
    Schedule schedule = new Schedule(rate, START);
    Random random = new Random(1);
    for (int i = 0; i < 2_000; i++) {
      long nanos = START + random.nextLong(100_000_000_000L);
      long due = schedule.dueBy(nanos);
      assertThat(schedule.dueAt(due - 1)).isLessThanOrEqualTo(nanos);
      assertThat(schedule.dueAt(due)).isGreaterThan(nanos);
    }
    assertThat(schedule.dueBy(START - 1)).isZero();
    assertThat(schedule.dueBy(START)).isEqualTo(1);
  }

  @Test
  void aSecondHasAsManyAsTheRate() {
    Schedule schedule = new Schedule(250_000, START);

    assertThat(schedule.dueBy(START + 999_999_999)).isEqualTo(250_000);
    assertThat(schedule.dueAt(250_000)).isEqualTo(START + 1_000_000_000);
  }

  @Test
  void theFirstIsDueAtTheStartAndNothingIsBefore() {
    Schedule schedule = new Schedule(10, START);

    assertThat(schedule.dueBy(START - 1)).isZero();
    assertThat(schedule.dueBy(START - 5_000_000_000L)).isZero();
    assertThat(schedule.dueAt(0)).isEqualTo(START);
  }

  @Test
  void partsOfALoadAreDueEvenly() {
    Schedule[] parts = new Schedule[4];
    for (int i = 0; i < 4; i++) {
      parts[i] = Schedule.part(1_000, START, i, 4);
    }
    for (int number = 0; number < 1_000; number++) {
      assertThat(parts[number % 4].dueAt(number / 4)).isEqualTo(START + number * 1_000_000L);
    }
  }

  @Test
  void withoutARateEverythingIsDueAtOnce() {
    assertThat(new Schedule(0, START).isPaced()).isFalse();
    assertThat(new Schedule(0, START).dueBy(START)).isEqualTo(Long.MAX_VALUE);
  }
}
