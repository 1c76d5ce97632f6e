package org.tallyring.proto.time;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ProtoTimesTest {

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 1, 999, -1000, 253_402_300_800_000L, -62_135_596_800_001L})
  void aMomentComesBack(long millis) {
    assertThat(ProtoTimes.millis(ProtoTimes.timestamp(millis))).isEqualTo(millis);
    assertThat(ProtoTimes.timestamp(millis).getNanos()).isBetween(0, 999_000_000);
  }

  @ParameterizedTest
  @CsvSource({
    "9223372036854775807, 0, 9223372036854775807",
    "-9223372036854775808, 0, -9223372036854775808",
    "0, -1, 9223372036854775807",
    "0, 1000000000, 9223372036854775807",
    "0, 1999999, 1",
  })
  void whatIsNoMomentBecomesOneThatIsNeverAllowed(long seconds, int nanos, long millis) {
    assertThat(
            ProtoTimes.millis(Timestamp.newBuilder().setSeconds(seconds).setNanos(nanos).build()))
        .isEqualTo(millis);
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT0.000000001S", "PT24H", "P400D"})
  void aLengthComesBack(Duration length) {
    assertThat(ProtoTimes.duration(ProtoTimes.duration(length))).isEqualTo(length);
  }

  @Test
  void whatIsNoLengthBecomesZero() {
    for (long seconds : new long[] {Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertThat(ProtoTimes.duration(duration(seconds, 1))).isZero();
    }
    assertThat(ProtoTimes.duration(duration(60, 1_000_000_000))).isZero();
    assertThat(ProtoTimes.duration(duration(-60, -1))).isNegative();
  }

  private static com.google.protobuf.Duration duration(long seconds, int nanos) {
    return com.google.protobuf.Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build();
  }
}
