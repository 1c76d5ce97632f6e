package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.EventPosition;
import org.tallyring.proto.internal.v1.WatchRangeEventsRequest;
import org.tallyring.proto.internal.v1.WatchRangeEventsResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;

/** One shard, one or two ranges, a watcher over in-process gRPC. */
final class RangeEventFeedTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final FakeShard shard = new FakeShard(executor);
  private final EngineEvents range = new EngineEvents(0);

  RangeEventFeedTest() {
    shard.ranges.put(0, range);
  }

  @AfterEach
  void stop() {
    shard.close();
    executor.shutdownNow();
  }

  private static WatchRangeEventsRequest.Builder from(long number) {
    return WatchRangeEventsRequest.newBuilder()
        .addPositions(EventPosition.newBuilder().setRangeId(0).setNumber(number));
  }

  private Watcher<WatchRangeEventsRequest, WatchRangeEventsResponse> watch(
      WatchRangeEventsRequest.Builder request) {
    return watch(request, Watcher.eager());
  }

  private Watcher<WatchRangeEventsRequest, WatchRangeEventsResponse> watch(
      WatchRangeEventsRequest.Builder request,
      Watcher<WatchRangeEventsRequest, WatchRangeEventsResponse> watcher) {
    shard.stub().watchRangeEvents(request.build(), watcher);
    return watcher;
  }

  private static List<Long> numbers(
      Watcher<WatchRangeEventsRequest, WatchRangeEventsResponse> watcher) {
    return watcher.messages.stream()
        .flatMap(message -> message.getEventsList().stream())
        .map(Event::getNumber)
        .toList();
  }

  private void define(int times) {
    for (int i = 0; i < times; i++) {
      range.define();
    }
  }

  @Test
  void aWatcherGetsWhatIsHeldAndThenWhatComes() {
    define(3);
    var watcher = watch(from(1));
    await().atMost(LIMIT).until(() -> numbers(watcher).size() == 2);

    define(2);

    await().atMost(LIMIT).until(() -> numbers(watcher).size() == 4);
    assertThat(numbers(watcher)).containsExactly(2L, 3L, 4L, 5L);
    assertThat(watcher.messages).noneMatch(WatchRangeEventsResponse::hasGap);
  }

  @Test
  void withoutAPositionItBeginsNowAndIsToldWhereThatIs() {
    define(3);
    var watcher =
        watch(
            WatchRangeEventsRequest.newBuilder()
                .addPositions(EventPosition.newBuilder().setRangeId(0)));

    await().atMost(LIMIT).until(() -> watcher.messages.size() == 1);
    assertThat(watcher.messages.get(0).getPosition().getNumber()).isEqualTo(3);
    define(1);
    await().atMost(LIMIT).until(() -> numbers(watcher).equals(List.of(4L)));
  }

  @Test
  void aSlowWatcherIsToldHowManyItMissedAndTheRangeNeverWaits() {
    Watcher<WatchRangeEventsRequest, WatchRangeEventsResponse> watcher = Watcher.slow();
    watch(from(0), watcher);
    await().atMost(LIMIT).until(() -> range.listeners() == 1);

    define(20_000);
    assertThat(range.reads()).as("nothing is fetched for who takes nothing").isLessThan(3);
    watcher.take(1_000);

    await()
        .atMost(LIMIT)
        .until(
            () ->
                !watcher.messages.isEmpty()
                    && watcher.messages.get(watcher.messages.size() - 1).getPosition().getNumber()
                        == 20_000);
    long missed =
        watcher.messages.stream().mapToLong(message -> message.getGap().getMissed()).sum();
    List<Long> numbers = numbers(watcher);
    assertThat(missed).isGreaterThan(15_000);
    assertThat(numbers).isSorted().doesNotHaveDuplicates();
    assertThat(numbers.size() + missed).isEqualTo(20_000);
  }

  @Test
  void eventsThatItDoesNotWantAreNotSentButTheirPositionIsNowAndThen() {
    var watcher = watch(from(0).addKinds(EventKind.EVENT_KIND_WINDOW_SEALED));
    await().atMost(LIMIT).until(() -> watcher.messages.size() == 1);

    define(3_000);

    await().atMost(LIMIT).until(() -> watcher.messages.size() > 1);
    assertThat(numbers(watcher)).isEmpty();
    assertThat(watcher.messages.size()).isLessThan(5);
    assertThat(watcher.messages.get(1).getPosition().getNumber()).isGreaterThanOrEqualTo(1_024);
  }

  @Test
  void itEndsWhenTheRangeIsLost() {
    var watcher = watch(from(0));
    await().atMost(LIMIT).until(() -> watcher.messages.size() == 1);

    range.lose();

    assertThat(watcher.end).succeedsWithin(LIMIT);
    assertThat(Errors.reasonOf(watcher.end.join()))
        .isEqualTo(ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF);
    await().atMost(LIMIT).until(() -> range.listeners() == 0);
  }

  @Test
  void aWatcherThatLeavesLeavesNothingBehind() {
    var watcher = watch(from(0));
    await().atMost(LIMIT).until(() -> range.listeners() == 1);

    watcher.cancel();

    await().atMost(LIMIT).until(() -> range.listeners() == 0);
  }

  @Test
  void aPositionBeyondTheRangeIsRefused() {
    define(3);

    var watcher = watch(from(4));

    assertThat(watcher.end).succeedsWithin(LIMIT);
    assertThat(Errors.reasonOf(watcher.end.join()))
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_RESUME_TOKEN);
  }

  @Test
  void badQuestionsAreRefused() {
    for (WatchRangeEventsRequest.Builder bad :
        List.of(
            from(0).setHitSampleRate(1.1),
            from(0).setHitSampleRate(Double.NaN),
            from(0).addKinds(EventKind.EVENT_KIND_UNSPECIFIED),
            from(0).addKindsValue(99))) {
      var watcher = watch(bad);
      assertThat(watcher.end).succeedsWithin(LIMIT);
      assertThat(Errors.reasonOf(watcher.end.join()))
          .isEqualTo(ErrorReason.ERROR_REASON_BAD_PARAMETER);
    }
  }
}
