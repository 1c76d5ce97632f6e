package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.CutNamespaceRequest;
import org.tallyring.proto.internal.v1.CutNamespaceResponse;
import org.tallyring.proto.internal.v1.HandOffRangeRequest;
import org.tallyring.proto.internal.v1.HandOffRangeResponse;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.internal.v1.QueryCountsRequest;
import org.tallyring.proto.internal.v1.QueryCountsResponse;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankResponse;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageResponse;
import org.tallyring.proto.internal.v1.QuerySeriesRequest;
import org.tallyring.proto.internal.v1.QuerySeriesResponse;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceImplBase;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.internal.v1.RecordForwardedRequest;
import org.tallyring.proto.internal.v1.RecordForwardedResponse;
import org.tallyring.proto.internal.v1.SettleNamespaceRequest;
import org.tallyring.proto.internal.v1.SettleNamespaceResponse;
import org.tallyring.proto.internal.v1.StageNamespaceRequest;
import org.tallyring.proto.internal.v1.StageNamespaceResponse;
import org.tallyring.proto.internal.v1.WatchRangeEventsRequest;
import org.tallyring.proto.internal.v1.WatchRangeEventsResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.window.Intervals;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.engine.WindowKey;
import org.tallyring.shardserver.ownership.EventSource;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.RankedInterval;
import org.tallyring.shardserver.ownership.ShardRanges;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;

/** RangeService: what aggregators and other shards ask of the ranges held here. */
final class RangeEndpoint extends RangeServiceImplBase {

  private static final int MAX_K = 1000;

  private final String shardId;
  private final ShardRanges ranges;
  private final RangeReads reads;
  private final BatchRouter router;
  private final NamespaceDirectory namespaces;
  private final ReadGuard guard;
  private final RangeSnapshots snapshots;
  private final InstantSource clock;
  private final Executor executor;
  private final Set<ForwardedBatches> forwarded = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  RangeEndpoint(
      String shardId,
      ShardRanges ranges,
      RangeReads reads,
      BatchRouter router,
      NamespaceDirectory namespaces,
      ReadGuard guard,
      RangeSnapshots snapshots,
      InstantSource clock,
      Executor executor) {
    this.shardId = shardId;
    this.ranges = ranges;
    this.reads = reads;
    this.router = router;
    this.namespaces = namespaces;
    this.guard = guard;
    this.snapshots = snapshots;
    this.clock = clock;
    this.executor = executor;
  }

  @Override
  public void collectTopK(CollectTopKRequest request, StreamObserver<CollectTopKResponse> call) {
    guard.check();
    Map<Integer, RangeVersion> known = new HashMap<>();
    request.getKnownList().forEach(version -> known.put(version.getRangeId(), version));
    RankingFloors floors = RankingMessages.floors(request.getFloorsList());
    CollectTopKResponse.Builder response = CollectTopKResponse.newBuilder().setShardId(shardId);
    CompletableFuture<CollectTopKResponse> collected =
        fromEach(
            range -> range.published(floors),
            (range, rankings) ->
                response.addRanges(
                    RankingMessages.collected(
                        range.rangeId(),
                        range.epoch(),
                        rankings,
                        known.get(range.rangeId()),
                        clock.millis())),
            response::build);
    Calls.answer(call, collected.thenApply(guard::checked));
  }

  @Override
  public void cutNamespace(CutNamespaceRequest request, StreamObserver<CutNamespaceResponse> call) {
    Calls.answer(call, snapshots.cut(request));
  }

  @Override
  public void stageNamespace(
      StageNamespaceRequest request, StreamObserver<StageNamespaceResponse> call) {
    Calls.answer(call, snapshots.stage(request));
  }

  @Override
  public void settleNamespace(
      SettleNamespaceRequest request, StreamObserver<SettleNamespaceResponse> call) {
    Calls.answer(call, snapshots.settle(request));
  }

  @Override
  public void queryTopK(QueryTopKRequest request, StreamObserver<QueryTopKResponse> call) {
    guard.check();
    int k = request.getK();
    if (k < 1 || k > MAX_K) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_K, "k", "k: " + k + " (expected: 1.." + MAX_K + ")");
    }
    Interval interval = Intervals.fromProto(request.getInterval());
    List<Interval> needed =
        request.getCriterion().hasGrowth()
            ? List.of(
                interval, Intervals.fromProto(request.getCriterion().getGrowth().getBaseline()))
            : List.of(interval);
    Set<String> metrics = CriterionMessages.metrics(request);
    QueryTopKResponse.Builder response = QueryTopKResponse.newBuilder();
    answerOf(
        request.getNamespace(),
        request.getMetric(),
        call,
        namespace -> {
          WindowKey window =
              new WindowKey(
                  namespace.getUid(),
                  request.getMetric(),
                  interval.level(),
                  interval.startMillis());
          Function<RangeEngine, RangeRanking.Builder> question =
              request.hasCriterion()
                  ? CriterionMessages.question(request.getCriterion(), window, interval, k)
                  : engine ->
                      RankingMessages.ranking(
                          window,
                          engine.ranking(window.namespaceUid(), window.metric(), interval, k));
          return fromEach(
              range ->
                  range.read(
                      engine ->
                          ifKept(
                              kept(engine, namespace.getUid(), metrics, needed),
                              needed,
                              () -> question.apply(engine))),
              (range, ranked) ->
                  ranked.handOver(
                      range,
                      response::addAllNotKept,
                      ranking ->
                          response
                              .addRankings(ranking.setRangeId(range.rangeId()))
                              .addVersions(
                                  RangeVersion.newBuilder()
                                      .setRangeId(range.rangeId())
                                      .setEpoch(range.epoch()))),
              response::build);
        });
  }

  @Override
  public void queryRank(QueryRankRequest request, StreamObserver<QueryRankResponse> call) {
    guard.check();
    Interval interval = Intervals.fromProto(request.getInterval());
    CountsReader.checkKeys(List.of(request.getKey()));
    QueryRankResponse.Builder response = QueryRankResponse.newBuilder();
    answerOf(
        request.getNamespace(),
        request.getMetric(),
        call,
        namespace -> {
          RankedInterval ranked =
              new RankedInterval(namespace.getUid(), request.getMetric(), interval);
          List<OwnedRange> asked =
              request.hasCount()
                  ? List.copyOf(ranges.all())
                  : reads.holderOf(namespace.getName(), request.getKey());
          return fromEach(
              asked,
              range ->
                  range.readRanked(
                      ranked,
                      (engine, view) ->
                          ifKept(
                              engine,
                              ranked,
                              () -> RankMessages.position(request, ranked, engine, view))),
              (range, answered) ->
                  answered.handOver(
                      range,
                      response::addAllNotKept,
                      position ->
                          response.addPositions(
                              position.setView(viewOf(range, position.getView())))),
              response::build);
        });
  }

  @Override
  public void queryRankingPage(
      QueryRankingPageRequest request, StreamObserver<QueryRankingPageResponse> call) {
    guard.check();
    RankMessages.checkSize(request.getSize());
    Interval interval = Intervals.fromProto(request.getInterval());
    Map<Integer, RangeVersion> pinned = new HashMap<>();
    request.getPinnedList().forEach(version -> pinned.put(version.getRangeId(), version));
    QueryRankingPageResponse.Builder response = QueryRankingPageResponse.newBuilder();
    answerOf(
        request.getNamespace(),
        request.getMetric(),
        call,
        namespace -> {
          RankedInterval ranked =
              new RankedInterval(namespace.getUid(), request.getMetric(), interval);
          return fromEach(
              ranges.all().stream()
                  .filter(each -> pinned.isEmpty() || pinned.containsKey(each.rangeId()))
                  .toList(),
              range -> {
                RangeVersion version = pinned.get(range.rangeId());
                return version == null
                    ? range.readRanked(
                        ranked,
                        (engine, view) ->
                            ifKept(engine, ranked, () -> RankMessages.page(request, view)))
                    // What is pinned was copied when all of it was kept.
                    : range.readPinned(
                        version.getVersion(),
                        view ->
                            new Kept<>(
                                KeptBuckets.EVERYTHING,
                                RankMessages.page(
                                    request, version.getEpoch() == range.epoch() ? view : null)));
              },
              (range, answered) ->
                  answered.handOver(
                      range,
                      response::addAllNotKept,
                      page -> response.addPages(page.setView(viewOf(range, page.getView())))),
              response::build);
        });
  }

  /** What a range keeps, and its answer unless that is not enough for it. */
  private record Kept<A>(KeptBuckets kept, @Nullable A answer) {

    /** Hands over the answer, or what the range keeps if there is none. */
    void handOver(OwnedRange range, Consumer<List<KeptFrom>> keeps, Consumer<A> answers) {
      if (answer == null) {
        keeps.accept(Intervals.toProto(range.rangeId(), kept));
      } else {
        answers.accept(answer);
      }
    }
  }

  /** What a range keeps of all of some metrics, at the levels of the intervals and coarser ones. */
  private static KeptBuckets kept(
      RangeEngine engine, long namespaceUid, Set<String> metrics, List<Interval> needed) {
    KeptBuckets kept = KeptBuckets.EVERYTHING;
    for (String metric : metrics) {
      for (Interval interval : needed) {
        kept = kept.and(engine.kept(namespaceUid, metric, interval));
      }
    }
    return kept;
  }

  /**
   * The answer if the range still keeps the intervals. To be asked after the counts were copied:
   * what is kept now was kept then.
   */
  private static <A> Kept<A> ifKept(KeptBuckets kept, List<Interval> needed, Supplier<A> answer) {
    return new Kept<>(kept, needed.stream().allMatch(kept::keeps) ? answer.get() : null);
  }

  private static <A> Kept<A> ifKept(RangeEngine engine, RankedInterval ranked, Supplier<A> answer) {
    return ifKept(
        engine.kept(ranked.namespaceUid(), ranked.metric(), ranked.interval()),
        List.of(ranked.interval()),
        answer);
  }

  /** Answers a read about a metric when its namespace is known. */
  private <R> void answerOf(
      String namespace,
      String metric,
      StreamObserver<R> call,
      Function<NamespaceDefinition, CompletableFuture<R>> question) {
    Calls.answer(
        call,
        namespaces
            .findWithMetric(namespace, metric)
            .thenCompose(question)
            .thenApply(guard::checked));
  }

  private static RangeVersion.Builder viewOf(OwnedRange range, RangeVersion numbered) {
    return numbered.toBuilder().setRangeId(range.rangeId()).setEpoch(range.epoch());
  }

  private <A, R> CompletableFuture<R> fromEach(
      Function<OwnedRange, CompletableFuture<@Nullable A>> question,
      BiConsumer<OwnedRange, A> take,
      Supplier<R> result) {
    return fromEach(List.copyOf(ranges.all()), question, take, result);
  }

  /** Asks ranges held here, then hands the answers of those that serve over, one by one. */
  private static <A, R> CompletableFuture<R> fromEach(
      List<OwnedRange> asked,
      Function<OwnedRange, CompletableFuture<@Nullable A>> question,
      BiConsumer<OwnedRange, A> take,
      Supplier<R> result) {
    List<CompletableFuture<@Nullable A>> answers = new ArrayList<>();
    asked.forEach(range -> answers.add(question.apply(range)));
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              for (int i = 0; i < asked.size(); i++) {
                A answer = answers.get(i).join();
                if (answer != null) {
                  take.accept(asked.get(i), answer);
                }
              }
              return result.get();
            });
  }

  @Override
  public void queryCounts(QueryCountsRequest request, StreamObserver<QueryCountsResponse> call) {
    guard.check();
    CountsReader.checkKeys(request.getKeysList());
    Interval interval = Intervals.fromProto(request.getInterval());
    answerOf(
        request.getNamespace(),
        request.getMetric(),
        call,
        namespace -> {
          Map<Integer, List<ByteString>> keys =
              reads.byRange(namespace.getName(), request.getKeysList());
          return reads.counts(namespace, request.getMetric(), interval, keys);
        });
  }

  @Override
  public void querySeries(QuerySeriesRequest request, StreamObserver<QuerySeriesResponse> call) {
    guard.check();
    CountsReader.checkKey("key", request.getKey());
    Interval interval = Intervals.fromProto(request.getInterval());
    answerOf(
        request.getNamespace(),
        request.getMetric(),
        call,
        namespace ->
            reads.series(
                reads.rangeOf(namespace.getName(), request.getKey()),
                namespace,
                request.getMetric(),
                interval,
                request.getKey()));
  }

  @Override
  public StreamObserver<RecordForwardedRequest> recordForwarded(
      StreamObserver<RecordForwardedResponse> call) {
    ForwardedBatches stream =
        new ForwardedBatches(
            router, (ServerCallStreamObserver<RecordForwardedResponse>) call, forwarded::remove);
    forwarded.add(stream);
    if (closing) {
      stream.end();
    }
    return stream;
  }

  /** Ends what other shards forward here, so that none of it is in doubt when this one stops. */
  void close() {
    closing = true;
    forwarded.forEach(ForwardedBatches::end);
  }

  @Override
  public void handOffRange(HandOffRangeRequest request, StreamObserver<HandOffRangeResponse> call) {
    HandOffCalls.answer(ranges, request, call);
  }

  @Override
  public void watchRangeEvents(
      WatchRangeEventsRequest request, StreamObserver<WatchRangeEventsResponse> call) {
    EventFilter filter =
        EventFilter.of(request.getNamespace(), request.getKindsList(), request.getHitSampleRate());
    new RangeEventFeed(
            rangeId -> ranges.find(rangeId).map(EventSource.class::cast),
            filter,
            (ServerCallStreamObserver<WatchRangeEventsResponse>) call,
            executor)
        .begin(request.getPositionsList());
  }
}
