package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** What becomes of counts when a shard's clock is set, or the next owner's is another. */
final class ClockStepTest {

  private static final long HOUR = 3_600_000;
  private static final int SESSION = 1;

  private final RangeHarness harness = new RangeHarness();
  private final OwnedRange range = harness.open();

  private static RecordBatch withEventId(long sequence, String key, String id) {
    ByteString bytes = ByteString.copyFromUtf8(id);
    return RangeHarness.batch(sequence, key).toBuilder()
        .setEventIds(bytes)
        .addEventIdLengths(bytes.size())
        .build();
  }

  private void record(OwnedRange owner, RecordBatch batch) {
    harness.submit(owner, SESSION, batch);
    harness.settle();
    assertThat(harness.takeAnswers()).containsExactly(batch.getSequence() + ":APPLIED");
  }

  private @Nullable Long inHour(OwnedRange owner, long hour) {
    return harness.ask(
        owner,
        engine ->
            engine.count(
                RangeHarness.UID,
                "clicks",
                Interval.window(WindowLevel.HOUR, RangeHarness.NOON + hour * HOUR),
                "x".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void setBackIncrementsGoOnCountingInTheHourThatHadBegun() {
    record(range, RangeHarness.batch(1, "x"));
    harness.now += HOUR;
    record(range, RangeHarness.batch(2, "x"));
    harness.now -= 5 * HOUR;
    record(range, RangeHarness.batch(3, "x"));

    assertThat(inHour(range, 0)).isEqualTo(1);
    assertThat(inHour(range, 1)).isEqualTo(2);
    assertThat(inHour(range, -4)).isZero();
  }

  @Test
  void anEventIdIsKnownAfterTheClockWasSetBack() {
    record(range, withEventId(1, "x", "order-1"));
    harness.now -= 5 * HOUR;
    record(range, withEventId(2, "x", "order-1"));
    harness.now += 5 * HOUR;
    record(range, withEventId(3, "x", "order-1"));

    assertThat(harness.count(range, "x")).isEqualTo(1);
  }

  @Test
  void anOwnerWhoseClockIsBehindGoesOnFromTheJournalsTime() {
    harness.now += HOUR;
    record(range, withEventId(1, "x", "order-1"));
    harness.now -= 3 * HOUR;
    OwnedRange next = harness.open();
    record(next, withEventId(2, "x", "order-1"));
    record(next, RangeHarness.batch(3, "x"));

    assertThat(inHour(next, 1)).isEqualTo(2);
    assertThat(inHour(next, -2)).isZero();
  }
}
