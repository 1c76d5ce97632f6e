package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceImplBase;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.coordination.Versioned;

/** Two shards with a range each, put together for a watcher that came to one of them. */
final class EventWatchTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String CLUSTER = "test";

  private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
  private final Map<String, FakeShard> shards =
      Map.of("one", new FakeShard(executor), "two", new FakeShard(executor));
  private final ManualView view = new ManualView();
  private Server server;
  private ManagedChannel channel;

  /** A view that the test changes. */
  private static final class ManualView implements ClusterWatch {
    private final List<Consumer<ClusterView>> listeners = new CopyOnWriteArrayList<>();
    private volatile ClusterView view = of("one", "two");

    static ClusterView of(String... owners) {
      TreeMap<String, Member> members = new TreeMap<>();
      List<RangeRecord> records = new ArrayList<>();
      for (String owner : owners) {
        if (!owner.isEmpty()) {
          members.put(owner, Member.newBuilder().setId(owner).setAddress(owner).build());
        }
        records.add(RangeRecord.newBuilder().setOwner(owner).setServing(!owner.isEmpty()).build());
      }
      return new ClusterView(
          ClusterConfig.newBuilder().setRangeCount(owners.length).build(),
          members,
          "",
          new Versioned<>(0, AssignmentTarget.getDefaultInstance()),
          records,
          new TreeMap<>(
              Map.of(
                  EngineEvents.NAMESPACE,
                  NamespaceDefinition.newBuilder().setName(EngineEvents.NAMESPACE).build())));
    }

    void own(String... owners) {
      view = of(owners);
      listeners.forEach(listener -> listener.accept(view));
    }

    @Override
    public ClusterView view() {
      return view;
    }

    @Override
    public void listen(Consumer<ClusterView> listener) {
      listeners.add(listener);
      listener.accept(view);
    }
  }

  @BeforeEach
  void start() throws IOException {
    shard("one").ranges.put(0, new EngineEvents(0));
    shard("two").ranges.put(1, new EngineEvents(1));
    EventWatches watches =
        new EventWatches(
            CLUSTER,
            view,
            new NamespaceDirectory(view, new MapStore()),
            address -> shard(address).stub(),
            executor);
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .intercept(new ErrorInterceptor())
            .addService(
                new AdminServiceImplBase() {
                  @Override
                  public void watchEvents(
                      WatchEventsRequest request, StreamObserver<WatchEventsResponse> call) {
                    watches.begin(request, (ServerCallStreamObserver<WatchEventsResponse>) call);
                  }
                })
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
    shards.values().forEach(FakeShard::close);
    executor.shutdownNow();
  }

  private Watcher<WatchEventsRequest, WatchEventsResponse> watch(String token) {
    return watch(token, Watcher.eager());
  }

  private Watcher<WatchEventsRequest, WatchEventsResponse> watch(
      String token, Watcher<WatchEventsRequest, WatchEventsResponse> watcher) {
    AdminServiceGrpc.newStub(channel)
        .watchEvents(WatchEventsRequest.newBuilder().setResumeToken(token).build(), watcher);
    return watcher;
  }

  private static List<String> ids(Watcher<WatchEventsRequest, WatchEventsResponse> watcher) {
    return watcher.messages.stream()
        .flatMap(message -> message.getEventsList().stream())
        .map(EventWatchTest::id)
        .toList();
  }

  private static String id(Event event) {
    return event.getRangeId() + "-" + event.getNumber();
  }

  private static String token(Watcher<WatchEventsRequest, WatchEventsResponse> watcher) {
    return watcher.messages.stream()
        .map(WatchEventsResponse::getResumeToken)
        .filter(token -> !token.isEmpty())
        .reduce("", (earlier, later) -> later);
  }

  private static void awaitBegun(Watcher<WatchEventsRequest, WatchEventsResponse> watcher) {
    await().atMost(LIMIT).until(() -> !token(watcher).isEmpty());
  }

  private static void awaitIds(
      Watcher<WatchEventsRequest, WatchEventsResponse> watcher, String... ids) {
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(ids(watcher)).containsExactlyInAnyOrder(ids));
  }

  private FakeShard shard(String name) {
    return Objects.requireNonNull(shards.get(name));
  }

  private EngineEvents range(String shard, int rangeId) {
    return Objects.requireNonNull(shard(shard).ranges.get(rangeId));
  }

  @Test
  void theRangesOfAllShardsAreWatchedFromNowOn() {
    range("one", 0).define();
    var watcher = watch("");
    awaitBegun(watcher);

    range("one", 0).define();
    range("two", 1).define();

    awaitIds(watcher, "0-2", "1-1");
  }

  @Test
  void aWatcherThatResumesGetsWhatCameSinceAndNothingTwice() {
    var first = watch("");
    awaitBegun(first);
    range("one", 0).define();
    range("two", 1).define();
    awaitIds(first, "0-1", "1-1");
    first.cancel();
    range("one", 0).define();

    var second = watch(token(first));

    awaitIds(second, "0-2");
    range("two", 1).define();
    awaitIds(second, "0-2", "1-2");
  }

  @Test
  void aRangeThatMovesIsFollowedAndTellsNothingTwice() {
    var watcher = watch("");
    awaitBegun(watcher);
    range("one", 0).define();
    awaitIds(watcher, "0-1");

    EngineEvents moved = range("one", 0).replayed();
    shard("one").ranges.remove(0);
    moved.define();
    shard("two").ranges.put(0, moved);
    view.own("two", "two");

    awaitIds(watcher, "0-1", "0-2");
    moved.define();
    range("two", 1).define();
    awaitIds(watcher, "0-1", "0-2", "0-3", "1-1");
  }

  @Test
  void aRangeWhoseOwnerTookItAnewIsFollowedWithoutAnyChangeOfView() {
    var watcher = watch("");
    awaitBegun(watcher);
    range("one", 0).define();
    awaitIds(watcher, "0-1");

    shard("one").ranges.compute(0, (id, lost) -> lost.replayed());
    range("one", 0).define();

    awaitIds(watcher, "0-1", "0-2");
  }

  @Test
  void theTokenComesWhenEveryRangeHasSaidWhereItIs() {
    view.own("one", "");
    var watcher = watch("");
    await().atMost(LIMIT).until(() -> range("one", 0).listeners() == 1);
    range("one", 0).define();
    awaitIds(watcher, "0-1");
    assertThat(token(watcher)).isEmpty();

    view.own("one", "two");

    awaitBegun(watcher);
  }

  @Test
  void aSlowWatcherIsToldHowManyItMissed() {
    var begun = watch("");
    awaitBegun(begun);
    Watcher<WatchEventsRequest, WatchEventsResponse> slow = Watcher.slow();
    watch(token(begun), slow);
    begun.cancel();
    await().atMost(LIMIT).until(() -> range("one", 0).listeners() > 0);

    for (int i = 0; i < 20_000; i++) {
      range("one", 0).define();
    }
    slow.take(1_000);

    await().atMost(LIMIT).until(() -> ids(slow).contains("0-20000"));
    long missed =
        slow.messages.stream()
            .flatMap(message -> message.getGapsList().stream())
            .mapToLong(gap -> gap.getMissed())
            .sum();
    assertThat(ids(slow)).doesNotHaveDuplicates();
    assertThat(ids(slow).size() + missed).isEqualTo(20_000);
    assertThat(missed).isGreaterThan(10_000);
  }

  @Test
  void aTokenThatIsGarbageOrOfAnotherClusterIsRefused() {
    range("one", 0).define();
    String other = ResumeToken.of("other", Map.of(0, 0L, 1, 0L));
    String wrongRange = ResumeToken.of(CLUSTER, Map.of(2, 0L));
    String tooFar = ResumeToken.of(CLUSTER, Map.of(0, 2L, 1, 0L));
    String good = ResumeToken.of(CLUSTER, Map.of(0, 1L, 1, 0L));
    String damaged = (good.charAt(8) == 'A' ? 'B' : 'A') + good.substring(1);
    for (String bad : List.of("x", "***", "AAAA", other, wrongRange, tooFar, damaged + "AA")) {
      var watcher = watch(bad);
      assertThat(watcher.end).as(bad).succeedsWithin(LIMIT);
      assertThat(Errors.reasonOf(watcher.end.join()))
          .as(bad)
          .isEqualTo(ErrorReason.ERROR_REASON_BAD_RESUME_TOKEN);
    }
  }

  @Test
  void anUnknownNamespaceIsRefused() {
    Watcher<WatchEventsRequest, WatchEventsResponse> watcher = Watcher.eager();
    AdminServiceGrpc.newStub(channel)
        .watchEvents(WatchEventsRequest.newBuilder().setNamespace("nowhere").build(), watcher);

    assertThat(watcher.end).succeedsWithin(LIMIT);
    assertThat(Errors.reasonOf(watcher.end.join()))
        .isEqualTo(ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND);
  }
}
