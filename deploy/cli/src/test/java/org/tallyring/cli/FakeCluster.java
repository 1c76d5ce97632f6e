package org.tallyring.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateMetricResponse;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.CreateNamespaceResponse;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.DeleteNamespaceResponse;
import org.tallyring.proto.v1.DeleteThresholdRequest;
import org.tallyring.proto.v1.DeleteThresholdResponse;
import org.tallyring.proto.v1.DrainShardRequest;
import org.tallyring.proto.v1.DrainShardResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetMetricStatsRequest;
import org.tallyring.proto.v1.GetMetricStatsResponse;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.GetNamespaceResponse;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.GetTopologyResponse;
import org.tallyring.proto.v1.GetTrendingRequest;
import org.tallyring.proto.v1.GetTrendingResponse;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListNamespacesResponse;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.ListRangesResponse;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.MemberState;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.MetricStats;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.RankedRow;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.proto.v1.RebalanceRequest;
import org.tallyring.proto.v1.RebalanceResponse;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.SetThresholdResponse;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.SwapMetricRequest;
import org.tallyring.proto.v1.SwapMetricResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.TrendingKey;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.topology.window.WindowLevel;

/**
 * The public interface of a cluster, on a loopback port, that counts in a map: one shard that owns
 * both ranges and ranks too. Every window is that of all time. Thread-safe.
 */
final class FakeCluster implements AutoCloseable {

  private static final int RANGES = 2;

  /** Events later than this are refused, as by a shard whose clock stands still. */
  static final long LATEST_EVENT_MILLIS = 4_000_000_000_000L;

  private final Server server;
  private final Map<String, NamespaceDefinition> namespaces = new ConcurrentHashMap<>();
  private final Map<String, Long> counts = new TreeMap<>();
  private final List<RecordRequest> records = new ArrayList<>();
  private final Set<String> eventIds = new HashSet<>();
  private final List<WindowSelector> selectors = new CopyOnWriteArrayList<>();
  private final List<GetSeriesRequest> series = new CopyOnWriteArrayList<>();
  private final List<WatchEventsRequest> watches = new CopyOnWriteArrayList<>();
  private final List<LogEntry> log = new CopyOnWriteArrayList<>();
  private final List<ReadLogRequest> logRequests = new CopyOnWriteArrayList<>();
  private final List<RangeVerification> verifications = new CopyOnWriteArrayList<>();
  private final List<VerifyRangesRequest> verifyRequests = new CopyOnWriteArrayList<>();
  private final AtomicBoolean breakOff = new AtomicBoolean();
  private final Queue<WatchEventsResponse> events = new ConcurrentLinkedQueue<>();
  private final List<ShardMember> gone = new CopyOnWriteArrayList<>();
  private final List<String> placementCalls = new CopyOnWriteArrayList<>();
  private final Queue<RebalanceResponse> rebalances = new ConcurrentLinkedQueue<>();

  /** Who still owns the ranges, at each look at the topology; when all is looked at, shard-1. */
  private final Queue<String> movesOnAt = new ConcurrentLinkedQueue<>();

  private volatile @Nullable NamespaceDefinition madeAfterListing;
  private volatile int rangesIncluded = RANGES;
  private volatile GetTopKRequest lastTopK = GetTopKRequest.getDefaultInstance();
  private volatile boolean outOfTouch;
  private int unavailableAnswers;

  private FakeCluster() {
    namespaces.put("default", namespace("default", "clicks"));
    try {
      server =
          Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
              .addService(new Counter())
              .addService(new Ranking())
              .addService(new Admin())
              .addService(new Topologies())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static FakeCluster start() {
    return new FakeCluster();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** The count of a key; 0 if it was never seen. */
  synchronized long count(String namespace, String metric, String key) {
    return counts.getOrDefault(namespace + "/" + metric + "/" + key, 0L);
  }

  /** The next calls of Record are answered with UNAVAILABLE after they were applied or not. */
  synchronized void answerUnavailable(int times) {
    unavailableAnswers = times;
  }

  /** From now on no server has a session with ZooKeeper. */
  void loseTouch() {
    outOfTouch = true;
  }

  synchronized List<RecordRequest> records() {
    return List.copyOf(records);
  }

  /** Once the namespaces have been listed, another client makes one with this metric. */
  void makeAfterListing(String namespace, String metric) {
    madeAfterListing = namespace(namespace, metric);
  }

  /** Adds to what the journal of every range tells. */
  void log(LogEntry entry) {
    log.add(entry);
  }

  List<ReadLogRequest> logRequests() {
    return List.copyOf(logRequests);
  }

  /** Adds to what verifying all ranges finds. */
  void verify(RangeVerification range) {
    verifications.add(range);
  }

  List<VerifyRangesRequest> verifyRequests() {
    return List.copyOf(verifyRequests);
  }

  /** Breaks off the next stream after one answer. */
  void breakOffAfterOne() {
    breakOff.set(true);
  }

  void tell(WatchEventsResponse told) {
    events.add(told);
  }

  List<WatchEventsRequest> watches() {
    return List.copyOf(watches);
  }

  /** A shard that is named and not live any more. */
  void lose(ShardMember shard) {
    gone.add(shard);
  }

  /** For so many looks at the topology the ranges still lie with another shard. */
  void moveFrom(String owner, int looks) {
    movesOnAt.addAll(Collections.nCopies(looks, owner));
  }

  /** What the next question to rebalance is answered with; without any more, nothing moves. */
  void answerRebalance(RebalanceResponse answer) {
    rebalances.add(answer);
  }

  /** What was asked about shards and their ranges, oldest first. */
  List<String> placementCalls() {
    return List.copyOf(placementCalls);
  }

  void includeRanges(int ranges) {
    rangesIncluded = ranges;
  }

  /** The last question for a ranking. */
  GetTopKRequest lastTopK() {
    return lastTopK;
  }

  List<String> metrics(String namespace) {
    NamespaceDefinition definition = namespaces.get(namespace);
    return definition == null
        ? List.of()
        : definition.getMetricsList().stream().map(MetricDefinition::getName).toList();
  }

  private synchronized void add(String namespace, String metric, ByteString key, long delta) {
    counts.merge(namespace + "/" + metric + "/" + key.toStringUtf8(), delta, Long::sum);
  }

  /** Whether an increment counts: without an event id always, with one the first time. */
  private synchronized boolean isNew(ByteString key, ByteString eventId) {
    return eventId.isEmpty()
        || eventIds.add(key.toStringUtf8() + "/" + HexFormat.of().formatHex(eventId.toByteArray()));
  }

  private AnswerLabel label(WindowSelector selector) {
    selectors.add(selector);
    AnswerLabel.Builder label = label().setWindow(selector.getWindow());
    if (selector.hasLast()) {
      long end = selector.getTime().getSeconds();
      label
          .setBucket(Window.WINDOW_MINUTE)
          .setStartTime(Timestamp.newBuilder().setSeconds(end - selector.getLast().getSeconds()))
          .setEndTime(Timestamp.newBuilder().setSeconds(end));
    }
    return label.build();
  }

  private AnswerLabel.Builder label() {
    return AnswerLabel.newBuilder()
        .setAsOfTime(Timestamp.newBuilder().setSeconds(1_000_000_000))
        .setExact(true)
        .setRangesTotal(RANGES)
        .setRangesIncluded(rangesIncluded);
  }

  /** What windows and spans were asked for, oldest first. */
  List<WindowSelector> selectors() {
    return List.copyOf(selectors);
  }

  /** What series were asked for, oldest first. */
  List<GetSeriesRequest> series() {
    return List.copyOf(series);
  }

  private static NamespaceDefinition namespace(String name, String... metrics) {
    NamespaceDefinition.Builder definition = NamespaceDefinition.newBuilder().setName(name);
    for (String metric : metrics) {
      definition.addMetrics(MetricDefinition.newBuilder().setName(metric));
    }
    return definition.build();
  }

  private Topology topology() {
    Topology.Builder topology =
        Topology.newBuilder()
            .setCluster("fake")
            .setRangeCount(RANGES)
            .setHashName("xxh3-64")
            .setController("shard-1")
            .setOutOfTouch(outOfTouch)
            .addShards(
                ShardMember.newBuilder()
                    .setId("shard-1")
                    .setAddress(address())
                    .setWeight(1)
                    .setState(MemberState.MEMBER_STATE_ACTIVE));
    topology.addAllGoneShards(gone);
    String owner = movesOnAt.isEmpty() ? "shard-1" : movesOnAt.poll();
    for (int i = 0; i < RANGES; i++) {
      topology.addRanges(
          RangeOwnership.newBuilder()
              .setRangeId(i)
              .setOwner(owner)
              .setAssigned("shard-1")
              .setEpoch(1)
              .setServing(true));
    }
    return topology.build();
  }

  private static <T> void answer(StreamObserver<T> observer, T answer) {
    observer.onNext(answer);
    observer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Counter extends CounterServiceGrpc.CounterServiceImplBase {
    @Override
    public void record(RecordRequest request, StreamObserver<RecordResponse> observer) {
      synchronized (FakeCluster.this) {
        boolean repeated =
            !request.getRequestId().isEmpty()
                && records.stream().anyMatch(r -> r.getRequestId().equals(request.getRequestId()));
        records.add(request);
        if (!repeated) {
          for (Increment increment : request.getIncrementsList()) {
            if (!isNew(increment.getKey(), increment.getEventId())) {
              repeated = true;
              continue;
            }
            add(
                request.getNamespace(),
                increment.getMetric(),
                increment.getKey(),
                increment.hasDelta() ? increment.getDelta() : 1);
          }
        }
        if (unavailableAnswers > 0) {
          unavailableAnswers--;
          observer.onError(
              Errors.of(
                  Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT, "outcome: unknown"));
          return;
        }
        answer(
            observer,
            RecordResponse.newBuilder()
                .setApplied(repeated ? 0 : 1)
                .setDuplicate(repeated ? 1 : 0)
                .build());
      }
    }

    @Override
    public StreamObserver<RecordStreamRequest> recordStream(
        StreamObserver<RecordStreamResponse> observer) {
      return new StreamObserver<>() {
        @Override
        public void onNext(RecordStreamRequest request) {
          observer.onNext(apply(request));
        }

        @Override
        public void onError(Throwable failure) {
          // The client has gone.
        }

        @Override
        public void onCompleted() {
          observer.onCompleted();
        }
      };
    }

    private RecordStreamResponse apply(RecordStreamRequest request) {
      RecordBatch batch = request.getBatch();
      RecordStreamResponse.Builder response =
          RecordStreamResponse.newBuilder()
              .setSessionId(request.getSessionId())
              .setRangeId(batch.getRangeId())
              .setSequence(batch.getSequence());
      for (int i = 0; i < batch.getTimeOffsetsMillisCount(); i++) {
        if (batch.getBaseTimeMillis() + batch.getTimeOffsetsMillis(i) > LATEST_EVENT_MILLIS) {
          response.addInvalidRows(i);
        }
      }
      if (response.getInvalidRowsCount() > 0) {
        return response
            .setOutcome(RecordStreamResponse.Outcome.OUTCOME_REFUSED)
            .setError(
                Errors.toProto(
                    Errors.invalid(
                        ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
                        "rows[0]",
                        "event time: too far ahead")))
            .build();
      }
      int offset = 0;
      int idOffset = 0;
      for (int i = 0; i < batch.getKeyLengthsCount(); i++) {
        int end = offset + batch.getKeyLengths(i);
        int idEnd =
            idOffset + (batch.getEventIdLengthsCount() == 0 ? 0 : batch.getEventIdLengths(i));
        int metric = batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(i);
        ByteString key = batch.getKeys().substring(offset, end);
        if (isNew(key, batch.getEventIds().substring(idOffset, idEnd))) {
          add(
              batch.getNamespace(),
              batch.getMetrics(metric),
              key,
              (batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(i))
                  * (batch.getRepeatsCount() == 0 ? 1 : batch.getRepeats(i)));
        } else {
          response.addDuplicateRows(i);
        }
        offset = end;
        idOffset = idEnd;
      }
      return response.setOutcome(RecordStreamResponse.Outcome.OUTCOME_APPLIED).build();
    }

    @Override
    public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> observer) {
      GetCountsResponse.Builder response =
          GetCountsResponse.newBuilder().setLabel(label(request.getWindow()));
      for (ByteString key : request.getKeysList()) {
        if (rangesIncluded == RANGES || !key.toStringUtf8().startsWith("lost")) {
          response.addCounts(
              KeyCount.newBuilder()
                  .setKey(key)
                  .setCount(
                      count(request.getNamespace(), request.getMetric(), key.toStringUtf8())));
        }
      }
      answer(observer, response.build());
    }

    /** Everything has happened in the first bucket. */
    @Override
    public void getSeries(GetSeriesRequest request, StreamObserver<GetSeriesResponse> observer) {
      series.add(request);
      WindowLevel step = WindowLevel.valueOf(request.getStep().name().substring(7));
      long start = step.start(ProtoTimes.millis(request.getStartTime()));
      long end = ProtoTimes.millis(request.getEndTime());
      GetSeriesResponse.Builder response =
          GetSeriesResponse.newBuilder()
              .setLabel(
                  label()
                      .setWindow(request.getStep())
                      .setStartTime(ProtoTimes.timestamp(start))
                      .setEndTime(ProtoTimes.timestamp(step.endAtOrAfter(end))));
      long count =
          count(request.getNamespace(), request.getMetric(), request.getKey().toStringUtf8());
      for (; start < end; start = step.end(start)) {
        response.addPoints(
            SeriesPoint.newBuilder().setStartTime(ProtoTimes.timestamp(start)).setCount(count));
        count = 0;
      }
      answer(observer, response.build());
    }
  }

  private final class Ranking extends TopKServiceGrpc.TopKServiceImplBase {
    @Override
    public void getTopK(GetTopKRequest request, StreamObserver<GetTopKResponse> observer) {
      if (!metrics(request.getNamespace()).contains(request.getMetric())) {
        observer.onError(
            Errors.of(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
                "metric: " + request.getMetric() + " (expected: one that exists)"));
        return;
      }
      lastTopK = request;
      String prefix = request.getNamespace() + "/" + request.getMetric() + "/";
      GetTopKResponse.Builder response =
          GetTopKResponse.newBuilder().setLabel(label(request.getWindow()));
      synchronized (FakeCluster.this) {
        counts.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith(prefix))
            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
            .limit(request.getK())
            .forEach(
                entry ->
                    response.addItems(
                        RankedKey.newBuilder()
                            .setRank(response.getItemsCount() + 1)
                            .setKey(
                                ByteString.copyFromUtf8(entry.getKey().substring(prefix.length())))
                            .setCount(entry.getValue())
                            .setScoreMicros(request.getScoreCount() * 1_500_000L)
                            .addAllIncluded(
                                request.getIncludeList().stream()
                                    .map(
                                        metric ->
                                            count(
                                                request.getNamespace(),
                                                metric,
                                                entry.getKey().substring(prefix.length())))
                                    .toList())));
      }
      answer(observer, response.build());
    }

    @Override
    public void getRank(GetRankRequest request, StreamObserver<GetRankResponse> observer) {
      GetRankResponse.Builder response =
          GetRankResponse.newBuilder()
              .setLabel(label(request.getWindow()))
              .setTotal(41_270)
              .setCount(
                  count(
                      request.getNamespace(),
                      request.getMetric(),
                      request.getKey().toStringUtf8()));
      if (response.getCount() > 0) {
        response.setRank(37);
      }
      for (int i = 0; i < request.getNeighbors(); i++) {
        response.addAbove(row(37 - request.getNeighbors() + i)).addBelow(row(38 + i));
      }
      if (request.getComparePrevious()) {
        response.setPreviousRank(52);
      }
      answer(observer, response.build());
    }

    private static RankedRow row(long rank) {
      return RankedRow.newBuilder()
          .setRank(rank)
          .setKey(ByteString.copyFromUtf8("n" + rank))
          .setCount(100 - rank)
          .build();
    }

    @Override
    public void getTrending(
        GetTrendingRequest request, StreamObserver<GetTrendingResponse> observer) {
      answer(
          observer,
          GetTrendingResponse.newBuilder()
              .setLabel(label().setWindow(Window.WINDOW_HOUR))
              .setBaselineHours(request.getBaselineHours())
              .addItems(
                  TrendingKey.newBuilder()
                      .setRank(1)
                      .setKey(ByteString.copyFromUtf8("a"))
                      .setCount(request.getMinCount())
                      .setBaselineCount(12)
                      .setBaselineMean(12.0 / request.getBaselineHours())
                      .setScoreMicros(5_833_957))
              .build());
    }
  }

  private final class Admin extends AdminServiceGrpc.AdminServiceImplBase {
    @Override
    public void createNamespace(
        CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> observer) {
      NamespaceDefinition wanted = request.getNamespace();
      if (wanted.getMetricsCount() == 0) {
        wanted = wanted.toBuilder().addMetrics(namespace("", "clicks").getMetrics(0)).build();
      }
      NamespaceDefinition existing = namespaces.putIfAbsent(wanted.getName(), wanted);
      if (existing != null && !existing.equals(wanted)) {
        observer.onError(
            Errors.of(
                Status.Code.ALREADY_EXISTS,
                ErrorReason.ERROR_REASON_NAMESPACE_EXISTS,
                "namespace: " + wanted.getName() + " (expected: a new name)"));
        return;
      }
      answer(observer, CreateNamespaceResponse.newBuilder().setNamespace(wanted).build());
    }

    @Override
    public void listNamespaces(
        ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> observer) {
      answer(
          observer,
          ListNamespacesResponse.newBuilder()
              .addAllNamespaces(new TreeMap<>(namespaces).values())
              .build());
      NamespaceDefinition made = madeAfterListing;
      if (made != null) {
        namespaces.put(made.getName(), made);
      }
    }

    @Override
    public void getNamespace(
        GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> observer) {
      NamespaceDefinition definition = namespaces.get(request.getName());
      if (definition == null) {
        observer.onError(notFound(request.getName()));
        return;
      }
      answer(observer, GetNamespaceResponse.newBuilder().setNamespace(definition).build());
    }

    @Override
    public void deleteNamespace(
        DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> observer) {
      if (namespaces.remove(request.getName()) == null) {
        observer.onError(notFound(request.getName()));
        return;
      }
      answer(observer, DeleteNamespaceResponse.getDefaultInstance());
    }

    @Override
    public void createMetric(
        CreateMetricRequest request, StreamObserver<CreateMetricResponse> observer) {
      NamespaceDefinition changed =
          namespaces.computeIfPresent(
              request.getNamespace(),
              (name, old) ->
                  old.getMetricsList().contains(request.getMetric())
                      ? old
                      : old.toBuilder().addMetrics(request.getMetric()).build());
      if (changed == null) {
        observer.onError(notFound(request.getNamespace()));
        return;
      }
      answer(observer, CreateMetricResponse.newBuilder().setNamespace(changed).build());
    }

    @Override
    public void swapMetric(SwapMetricRequest request, StreamObserver<SwapMetricResponse> observer) {
      NamespaceDefinition.Builder changed = required(request.getNamespace()).toBuilder();
      for (MetricDefinition.Builder metric : changed.getMetricsBuilderList()) {
        if (metric.getName().equals(request.getMetric().getName())) {
          metric.clear().mergeFrom(request.getMetric());
        }
      }
      namespaces.put(request.getNamespace(), changed.build());
      answer(observer, SwapMetricResponse.newBuilder().setNamespace(changed).build());
    }

    @Override
    public void getMetricStats(
        GetMetricStatsRequest request, StreamObserver<GetMetricStatsResponse> observer) {
      GetMetricStatsResponse.Builder response =
          GetMetricStatsResponse.newBuilder()
              .setRangesTotal(RANGES)
              .setRangesIncluded(rangesIncluded);
      required(request.getNamespace())
          .getMetricsList()
          .forEach(
              metric ->
                  response.addMetrics(
                      MetricStats.newBuilder()
                          .setMetric(metric)
                          .setHits(9)
                          .setKeys(2)
                          .setEntries(4)
                          .setPruned(1)
                          .setBytes(80)));
      answer(observer, response.build());
    }

    @Override
    public void setThreshold(
        SetThresholdRequest request, StreamObserver<SetThresholdResponse> observer) {
      NamespaceDefinition changed =
          namespaces.computeIfPresent(
              request.getNamespace(),
              (name, old) -> old.toBuilder().addRules(request.getRule()).build());
      answer(observer, SetThresholdResponse.newBuilder().setNamespace(changed).build());
    }

    @Override
    public void deleteThreshold(
        DeleteThresholdRequest request, StreamObserver<DeleteThresholdResponse> observer) {
      NamespaceDefinition changed =
          namespaces.computeIfPresent(
              request.getNamespace(), (name, old) -> old.toBuilder().clearRules().build());
      answer(observer, DeleteThresholdResponse.newBuilder().setNamespace(changed).build());
    }

    @Override
    public void watchEvents(
        WatchEventsRequest request, StreamObserver<WatchEventsResponse> observer) {
      watches.add(request);
      WatchEventsResponse told = events.poll();
      if (told == null) {
        observer.onCompleted();
        return;
      }
      observer.onNext(told);
      observer.onError(
          Errors.of(
              Status.Code.UNAVAILABLE,
              ErrorReason.ERROR_REASON_NOT_READY,
              "this shard stops (expected: another shard)"));
    }

    @Override
    public void verifyRanges(
        VerifyRangesRequest request, StreamObserver<VerifyRangesResponse> observer) {
      verifyRequests.add(request);
      List<VerifyRangesResponse> answers = new ArrayList<>();
      for (RangeVerification range : verifications) {
        if (request.getRangeIdsCount() == 0
            || request.getRangeIdsList().contains(range.getRangeId())) {
          int total =
              request.getRangeIdsCount() == 0 ? verifications.size() : request.getRangeIdsCount();
          answers.add(
              VerifyRangesResponse.newBuilder().setRangesTotal(total).setRange(range).build());
        }
      }
      stream(observer, answers);
    }

    @Override
    public void readLog(ReadLogRequest request, StreamObserver<ReadLogResponse> observer) {
      logRequests.add(request);
      List<ReadLogResponse> answers = new ArrayList<>();
      for (LogEntry entry : log) {
        if (entry.getPosition().getEntry() >= request.getFrom().getEntry()) {
          answers.add(ReadLogResponse.newBuilder().setEntry(entry).build());
        }
      }
      stream(observer, answers);
    }

    private <T> void stream(StreamObserver<T> observer, List<T> answers) {
      for (T answer : answers) {
        observer.onNext(answer);
        if (breakOff.compareAndSet(true, false)) {
          observer.onError(
              Errors.of(
                  Status.Code.UNAVAILABLE,
                  ErrorReason.ERROR_REASON_NOT_READY,
                  "this shard stops (expected: another shard)"));
          return;
        }
      }
      observer.onCompleted();
    }

    @Override
    public void listRanges(ListRangesRequest request, StreamObserver<ListRangesResponse> observer) {
      answer(
          observer,
          ListRangesResponse.newBuilder()
              .addRanges(
                  RangeStatus.newBuilder()
                      .setRangeId(0)
                      .setOwner("shard-1")
                      .setEpoch(1)
                      .setState("SERVING")
                      .setKeys(3)
                      .setIncrements(5)
                      .setJournalBytes(70)
                      .setIncrementsPerSecond(12)
                      .setBytes(340)
                      .setCopies(1))
              .build());
    }

    @Override
    public void drainShard(DrainShardRequest request, StreamObserver<DrainShardResponse> observer) {
      placementCalls.add("drain " + request.getShardId());
      if (request.getShardId().equals("shard-9")) {
        observer.onError(
            Errors.of(
                Status.Code.NOT_FOUND,
                ErrorReason.ERROR_REASON_SHARD_NOT_FOUND,
                "shard: shard-9 (expected: a live one, of [shard-1])"));
        return;
      }
      answer(observer, DrainShardResponse.newBuilder().setRangesLeft(RANGES).build());
    }

    @Override
    public void rebalance(RebalanceRequest request, StreamObserver<RebalanceResponse> observer) {
      placementCalls.add(request.getDryRun() ? "rebalance dry" : "rebalance");
      RebalanceResponse next = rebalances.poll();
      answer(observer, next == null ? RebalanceResponse.getDefaultInstance() : next);
    }

    private NamespaceDefinition required(String name) {
      return Objects.requireNonNull(namespaces.get(name));
    }

    private static Throwable notFound(String name) {
      return Errors.of(
          Status.Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
          "namespace: " + name + " (expected: one that exists)");
    }
  }

  private final class Topologies extends TopologyServiceGrpc.TopologyServiceImplBase {
    @Override
    public void getTopology(
        GetTopologyRequest request, StreamObserver<GetTopologyResponse> observer) {
      answer(observer, GetTopologyResponse.newBuilder().setTopology(topology()).build());
    }

    @Override
    public void watchTopology(
        WatchTopologyRequest request, StreamObserver<WatchTopologyResponse> observer) {
      observer.onNext(WatchTopologyResponse.newBuilder().setTopology(topology()).build());
    }
  }
}
