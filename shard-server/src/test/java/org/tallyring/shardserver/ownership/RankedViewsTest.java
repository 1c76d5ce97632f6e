package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** The views of a range, on a loop and by a clock that the test moves. */
final class RankedViewsTest {

  private static final RankedInterval CLICKS = ranked("clicks");

  private final RangeEngine engine = new RangeEngine(0);
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private long nowMillis = 1_709_208_000_000L;
  private boolean serving = true;
  private final RankedViews views =
      new RankedViews(engine, () -> Instant.ofEpochMilli(nowMillis), tasks::add, () -> serving);

  @Test
  void aViewIsUsedAgainWhileNothingChanges() {
    count("a", 1);
    NumberedView first = read(CLICKS);
    nowMillis += 30_000;

    NumberedView second = read(CLICKS);

    assertThat(second.view()).isSameAs(first.view());
    assertThat(second.number()).isEqualTo(first.number());
    assertThat(second.asOfMillis()).as("it is still true").isEqualTo(nowMillis);
  }

  @Test
  void aViewOfChangingCountsIsMadeAnewOnceASecond() {
    count("a", 1);
    NumberedView first = read(CLICKS);
    count("a", 1);
    nowMillis += RankedViews.FRESH_MILLIS - 1;
    assertThat(read(CLICKS)).isSameAs(first);

    nowMillis += 1;
    NumberedView later = read(CLICKS);

    assertThat(later.number()).isGreaterThan(first.number());
    assertThat(later.view().count(0)).isEqualTo(2);
    assertThat(later.asOfMillis()).isEqualTo(nowMillis);
  }

  @Test
  void aPinnedViewStaysAsItWasForAMinuteAfterItsLastUse() {
    count("a", 1);
    long number = read(CLICKS).number();
    count("a", 1);
    for (int i = 0; i < 3; i++) {
      nowMillis += RankedViews.IDLE_MILLIS - 1;
      read(CLICKS);
      NumberedView pinned = Objects.requireNonNull(views.pinned(number));
      assertThat(pinned.view().count(0)).isEqualTo(1);
    }

    nowMillis += RankedViews.IDLE_MILLIS;

    assertThat(views.pinned(number)).isNull();
  }

  @Test
  void theViewsUsedLastAreHeldAndNoMoreThanTheBound() {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < RankedViews.MAX_VIEWS; i++) {
      numbers.add(read(ranked("m" + i)).number());
    }
    assertThat(views.pinned(numbers.get(0))).isNotNull();

    read(ranked("one-more"));

    assertThat(views.pinned(numbers.get(0))).as("just used").isNotNull();
    assertThat(views.pinned(numbers.get(1))).as("used longest ago").isNull();
  }

  @Test
  void manyReadersShareOneMaking() {
    count("a", 1);
    List<@Nullable NumberedView> read = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      views.read(CLICKS).thenAccept(read::add);
    }
    assertThat(read).isEmpty();

    runTasks();

    assertThat(read).hasSize(5).doesNotContainNull();
    assertThat(read.stream().distinct()).hasSize(1);
  }

  @Test
  void theWriterHasItsTurnBetweenSlices() {
    for (int i = 0; i < 3 * RankedViews.SLICE_ROWS; i++) {
      count("key-" + i, 1 + i % 7);
    }
    List<@Nullable NumberedView> read = new ArrayList<>();
    views.read(CLICKS).thenAccept(read::add);
    int slices = 0;
    while (!tasks.isEmpty()) {
      tasks.remove().run();
      slices++;
      count("in-between", 1);
    }

    assertThat(slices).isGreaterThan(10);
    assertThat(Objects.requireNonNull(read.get(0)).view().size())
        .isEqualTo(3 * RankedViews.SLICE_ROWS);
  }

  @Test
  void aRangeThatEndsAnswersNothing() {
    List<@Nullable NumberedView> read = new ArrayList<>();
    views.read(CLICKS).thenAccept(read::add);
    views.read(ranked("views")).thenAccept(read::add);
    serving = false;

    runTasks();

    assertThat(read).hasSize(2).containsOnlyNulls();
  }

  private static RankedInterval ranked(String metric) {
    return new RankedInterval(7, metric, Interval.window(WindowLevel.ALL, 0));
  }

  private NumberedView read(RankedInterval interval) {
    List<@Nullable NumberedView> read = new ArrayList<>();
    views.read(interval).thenAccept(read::add);
    runTasks();
    return Objects.requireNonNull(read.get(0));
  }

  private void runTasks() {
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
  }

  private void count(String key, long delta) {
    ByteString bytes = ByteString.copyFromUtf8(key);
    engine.apply(
        JournalEntry.newBuilder()
            .setBatches(
                AcceptedBatches.newBuilder()
                    .addBatches(
                        AcceptedBatch.newBuilder()
                            .setNamespaceUid(7)
                            .setAcceptedAtMillis(nowMillis)
                            .setBatch(
                                RecordBatch.newBuilder()
                                    .setNamespace("shop")
                                    .addMetrics("clicks")
                                    .setKeys(bytes)
                                    .addKeyLengths(bytes.size())
                                    .addDeltas(delta)
                                    .build()
                                    .toByteString())))
            .build());
  }
}
