package org.tallyring.aggregator.fake;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.CountQuality;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankResponse;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageResponse;
import org.tallyring.proto.internal.v1.QueryTopKRequest;
import org.tallyring.proto.internal.v1.QueryTopKResponse;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.CreateNamespaceResponse;
import org.tallyring.proto.v1.DeleteNamespaceRequest;
import org.tallyring.proto.v1.DeleteNamespaceResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.GetNamespaceResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.ListNamespacesResponse;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/**
 * The shards of a cluster, without journal or coordination: enough to be collected from.
 * Thread-safe; changes are visible to the next call.
 */
public final class FakeShards {

  /** The uid of the namespace "default". */
  public static final long UID = 7;

  private final InstantSource clock;
  private final RangeTable table;
  private final List<FakeRange> ranges = new ArrayList<>();
  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final Map<String, NamespaceDefinition> namespaces = new TreeMap<>();
  private final List<StreamObserver<WatchTopologyResponse>> watchers = new ArrayList<>();

  /** How many events the last watch was sent. */
  public final AtomicLong eventsSent = new AtomicLong();

  /** How many watches of events were cancelled. */
  public final AtomicLong watchesEnded = new AtomicLong();

  private final Map<String, List<CollectTopKRequest>> collections = new HashMap<>();
  private final List<RecordRequest> recorded = new ArrayList<>();
  private int queries;

  /** Ranges that belong, in turn, to shards of these names. */
  public FakeShards(InstantSource clock, int rangeCount, String... shardIds) {
    this.clock = clock;
    table = new RangeTable(rangeCount);
    for (int i = 0; i < rangeCount; i++) {
      ranges.add(new FakeRange(i, shardIds[i % shardIds.length]));
    }
    define(
        NamespaceDefinition.newBuilder()
            .setName("default")
            .setUid(UID)
            .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
            .build());
  }

  /** The window of "default" and "clicks" of a kind that contains a moment. */
  public static WindowKey window(WindowLevel level, long timeMillis) {
    return new WindowKey(UID, "clicks", level, level.start(timeMillis));
  }

  /** The same window of another metric of "default". */
  public static WindowKey of(String metric, WindowKey window) {
    return new WindowKey(UID, metric, window.level(), window.startMillis());
  }

  /** Lets all ranges forget the views that pages are read from. */
  public synchronized void expireViews() {
    ranges.forEach(FakeRange::expireViews);
  }

  /** The range of a key of "default". */
  public int rangeOf(String key) {
    return table.rangeOf(new KeyHash("default").hash(ByteString.copyFromUtf8(key).toByteArray()));
  }

  /** Counts in one window. */
  public synchronized void count(WindowKey window, String key, long delta) {
    ranges.get(rangeOf(key)).count(window, ByteString.copyFromUtf8(key), delta);
  }

  /** Counts in a final window. */
  public synchronized void correct(WindowKey window, String key, long delta) {
    ranges.get(rangeOf(key)).correct(window, ByteString.copyFromUtf8(key), delta);
  }

  /** Says how good a range's counts in a window are. */
  public synchronized void quality(int rangeId, WindowKey window, CountQuality quality) {
    ranges.get(rangeId).quality(window, quality);
  }

  /** Lets a range retire what it does not keep of one metric. */
  public synchronized void keep(int rangeId, String metric, KeptBuckets kept) {
    ranges.get(rangeId).keep(metric, kept);
  }

  /** Lets a range retire what it does not keep. */
  public synchronized void keep(int rangeId, KeptBuckets kept) {
    ranges.get(rangeId).keep(kept);
  }

  /** Moves a range. */
  public synchronized void move(int rangeId, String newOwner) {
    ranges.get(rangeId).moveTo(newOwner);
  }

  /** Lets a shard be alive. */
  public synchronized void join(String shardId, String address) {
    addresses.put(shardId, address);
    tellWatchers();
  }

  /** Lets a shard be dead. */
  public synchronized void leave(String shardId) {
    addresses.remove(shardId);
    tellWatchers();
  }

  /** Defines a namespace or redefines it. */
  public synchronized void define(NamespaceDefinition namespace) {
    namespaces.put(namespace.getName(), namespace);
  }

  /** Tells all watchers the topology as it is now. */
  public synchronized void tellWatchers() {
    watchers.forEach(watcher -> watcher.onNext(picture()));
  }

  /** The topology as it is now. */
  public synchronized Topology topology() {
    Topology.Builder topology =
        Topology.newBuilder()
            .setCluster("test")
            .setRangeCount(table.rangeCount())
            .setHashName(KeyHash.NAME)
            .setController("shard-1");
    addresses.forEach(
        (id, address) ->
            topology.addShards(
                ShardMember.newBuilder().setId(id).setAddress(address).setWeight(1)));
    for (FakeRange range : ranges) {
      topology.addRanges(
          RangeOwnership.newBuilder()
              .setRangeId(range.id)
              .setOwner(range.owner)
              .setAssigned(range.owner)
              .setEpoch(range.epoch)
              .setServing(true));
    }
    return topology.build();
  }

  /** What a shard was asked in collections, oldest first. */
  public synchronized List<CollectTopKRequest> collections(String shardId) {
    return List.copyOf(collections.getOrDefault(shardId, List.of()));
  }

  /** How many questions for windows were answered, over all shards. */
  public synchronized int queries() {
    return queries;
  }

  /** What was recorded row-wise; it is not counted. */
  public synchronized List<RecordRequest> recorded() {
    return List.copyOf(recorded);
  }

  private WatchTopologyResponse picture() {
    return WatchTopologyResponse.newBuilder().setTopology(topology()).build();
  }

  /** The answer of a shard to a collection. */
  public synchronized CollectTopKResponse collect(String shardId, CollectTopKRequest request) {
    collections.computeIfAbsent(shardId, id -> new ArrayList<>()).add(request);
    CollectTopKResponse.Builder response = CollectTopKResponse.newBuilder().setShardId(shardId);
    Map<Integer, RangeVersion> known = new HashMap<>();
    request.getKnownList().forEach(version -> known.put(version.getRangeId(), version));
    Map<WindowKey, Long> floors = new HashMap<>();
    request
        .getFloorsList()
        .forEach(
            floor ->
                floors.put(
                    new WindowKey(
                        floor.getNamespaceUid(),
                        floor.getMetric(),
                        Windows.level(floor.getWindow()).orElseThrow(),
                        floor.getStartMillis()),
                    floor.getCount()));
    for (FakeRange range : ranges) {
      if (range.owner.equals(shardId)) {
        response.addRanges(
            range.collected(
                known.getOrDefault(range.id, RangeVersion.getDefaultInstance()),
                floors,
                clock.millis(),
                "clicks",
                UID));
      }
    }
    return response.build();
  }

  /** The services of one shard. */
  public List<BindableService> services(String shardId) {
    return List.of(new Ranges(shardId), new Counters(), new Admin(), new Watching());
  }

  private final class Ranges extends RangeServiceGrpc.RangeServiceImplBase {

    private final String shardId;

    Ranges(String shardId) {
      this.shardId = shardId;
    }

    @Override
    public void collectTopK(CollectTopKRequest request, StreamObserver<CollectTopKResponse> call) {
      call.onNext(collect(shardId, request));
      call.onCompleted();
    }

    @Override
    public void queryTopK(QueryTopKRequest request, StreamObserver<QueryTopKResponse> call) {
      QueryTopKResponse.Builder response = QueryTopKResponse.newBuilder();
      try {
        synchronized (FakeShards.this) {
          queries++;
          long uid = uid(request.getNamespace());
          Interval interval = Intervals.fromProto(request.getInterval());
          List<Interval> needed = new ArrayList<>(List.of(interval));
          if (request.getCriterion().hasGrowth()) {
            needed.add(Intervals.fromProto(request.getCriterion().getGrowth().getBaseline()));
          }
          Set<String> metrics = new HashSet<>(request.getCriterion().getIncludeList());
          request.getCriterion().getWhereList().forEach(filter -> metrics.add(filter.getMetric()));
          request.getCriterion().getScoreList().forEach(term -> metrics.add(term.getMetric()));
          metrics.add(request.getMetric());
          for (FakeRange range : held()) {
            if (needed.stream().allMatch(range.kept(metrics)::keeps)) {
              response
                  .addRankings(
                      range.ranking(
                          uid,
                          request.getMetric(),
                          interval,
                          request.getK(),
                          request.getCriterion()))
                  .addVersions(range.version());
            } else {
              response.addAllNotKept(range.keptFrom(metrics, needed));
            }
          }
        }
      } catch (ArithmeticException overflow) {
        call.onError(
            Errors.of(
                Status.Code.OUT_OF_RANGE,
                ErrorReason.ERROR_REASON_COUNT_OVERFLOW,
                "score: too large"));
        return;
      }
      call.onNext(response.build());
      call.onCompleted();
    }

    @Override
    public void queryRank(QueryRankRequest request, StreamObserver<QueryRankResponse> call) {
      QueryRankResponse.Builder response = QueryRankResponse.newBuilder();
      synchronized (FakeShards.this) {
        Interval interval = Intervals.fromProto(request.getInterval());
        WindowKey window = window(request.getNamespace(), request.getMetric(), interval);
        int holder = rangeOf(request.getKey().toStringUtf8());
        for (FakeRange range : held()) {
          if (!request.hasCount() && range.id != holder) {
            continue;
          }
          if (range.kept(List.of(request.getMetric())).keeps(interval)) {
            response.addPositions(range.position(window, interval, request, clock.millis()));
          } else {
            response.addAllNotKept(range.keptFrom(List.of(request.getMetric()), List.of(interval)));
          }
        }
      }
      call.onNext(response.build());
      call.onCompleted();
    }

    @Override
    public void queryRankingPage(
        QueryRankingPageRequest request, StreamObserver<QueryRankingPageResponse> call) {
      QueryRankingPageResponse.Builder response = QueryRankingPageResponse.newBuilder();
      synchronized (FakeShards.this) {
        Interval interval = Intervals.fromProto(request.getInterval());
        WindowKey window = window(request.getNamespace(), request.getMetric(), interval);
        Map<Integer, RangeVersion> pinned = new HashMap<>();
        request.getPinnedList().forEach(pin -> pinned.put(pin.getRangeId(), pin));
        for (FakeRange range : held()) {
          RangeVersion pin = pinned.get(range.id);
          if (pin != null || range.kept(List.of(request.getMetric())).keeps(interval)) {
            response.addPages(range.page(window, interval, request, pin, clock.millis()));
          } else {
            response.addAllNotKept(range.keptFrom(List.of(request.getMetric()), List.of(interval)));
          }
        }
      }
      call.onNext(response.build());
      call.onCompleted();
    }

    private List<FakeRange> held() {
      return ranges.stream().filter(range -> range.owner.equals(shardId)).toList();
    }

    private WindowKey window(String namespace, String metric, Interval interval) {
      return new WindowKey(uid(namespace), metric, interval.level(), interval.startMillis());
    }

    private long uid(String namespace) {
      NamespaceDefinition definition = namespaces.get(namespace);
      return definition == null ? 0 : definition.getUid();
    }
  }

  private final class Counters extends CounterServiceGrpc.CounterServiceImplBase {

    @Override
    public void record(RecordRequest request, StreamObserver<RecordResponse> call) {
      synchronized (FakeShards.this) {
        recorded.add(request);
      }
      call.onNext(RecordResponse.newBuilder().setApplied(request.getIncrementsCount()).build());
      call.onCompleted();
    }

    @Override
    public StreamObserver<RecordStreamRequest> recordStream(
        StreamObserver<RecordStreamResponse> call) {
      return new StreamObserver<>() {
        @Override
        public void onNext(RecordStreamRequest request) {
          call.onNext(
              RecordStreamResponse.newBuilder()
                  .setSessionId(request.getSessionId())
                  .setSequence(request.getBatch().getSequence())
                  .setOutcome(RecordStreamResponse.Outcome.OUTCOME_APPLIED)
                  .build());
        }

        @Override
        public void onError(Throwable gone) {}

        @Override
        public void onCompleted() {
          call.onCompleted();
        }
      };
    }

    @Override
    public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> call) {
      GetCountsResponse.Builder response =
          GetCountsResponse.newBuilder()
              .setLabel(
                  AnswerLabel.newBuilder()
                      .setWindow(request.getWindow().getWindow())
                      .setBucket(
                          request.getWindow().hasLast()
                              ? Window.WINDOW_MINUTE
                              : Window.WINDOW_UNSPECIFIED)
                      .setExact(true)
                      .setRangesTotal(1)
                      .setRangesIncluded(1));
      synchronized (FakeShards.this) {
        for (ByteString key : request.getKeysList()) {
          response.addCounts(
              KeyCount.newBuilder()
                  .setKey(key)
                  .setCount(
                      ranges
                          .get(rangeOf(key.toStringUtf8()))
                          .get(window(WindowLevel.ALL, 0), key)));
        }
      }
      call.onNext(response.build());
      call.onCompleted();
    }

    @Override
    public void getSeries(GetSeriesRequest request, StreamObserver<GetSeriesResponse> call) {
      WindowLevel step = Windows.level(request.getStep()).orElseThrow();
      GetSeriesResponse.Builder response =
          GetSeriesResponse.newBuilder()
              .setLabel(
                  AnswerLabel.newBuilder()
                      .setWindow(request.getStep())
                      .setStartTime(request.getStartTime())
                      .setEndTime(request.getEndTime())
                      .setExact(true)
                      .setRangesTotal(1)
                      .setRangesIncluded(1));
      long end = ProtoTimes.millis(request.getEndTime());
      for (long start = ProtoTimes.millis(request.getStartTime());
          start < end;
          start = step.end(start)) {
        synchronized (FakeShards.this) {
          response.addPoints(
              SeriesPoint.newBuilder()
                  .setStartTime(ProtoTimes.timestamp(start))
                  .setCount(
                      ranges
                          .get(rangeOf(request.getKey().toStringUtf8()))
                          .get(window(step, start), request.getKey())));
        }
      }
      call.onNext(response.build());
      call.onCompleted();
    }
  }

  private final class Admin extends AdminServiceGrpc.AdminServiceImplBase {

    @Override
    public void createNamespace(
        CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> call) {
      NamespaceDefinition created = request.getNamespace().toBuilder().setUid(99).build();
      define(created);
      call.onNext(CreateNamespaceResponse.newBuilder().setNamespace(created).build());
      call.onCompleted();
    }

    @Override
    public void listNamespaces(
        ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> call) {
      synchronized (FakeShards.this) {
        call.onNext(
            ListNamespacesResponse.newBuilder().addAllNamespaces(namespaces.values()).build());
      }
      call.onCompleted();
    }

    @Override
    public void getNamespace(
        GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> call) {
      NamespaceDefinition found;
      synchronized (FakeShards.this) {
        found = namespaces.get(request.getName());
      }
      if (found == null) {
        call.onError(notFound(request.getName()));
      } else {
        call.onNext(GetNamespaceResponse.newBuilder().setNamespace(found).build());
        call.onCompleted();
      }
    }

    /** Numbered events for as long as the watcher takes them. */
    @Override
    public void watchEvents(
        WatchEventsRequest request, StreamObserver<WatchEventsResponse> observer) {
      ServerCallStreamObserver<WatchEventsResponse> call =
          (ServerCallStreamObserver<WatchEventsResponse>) observer;
      AtomicLong number = new AtomicLong();
      call.setOnCancelHandler(() -> watchesEnded.incrementAndGet());
      call.setOnReadyHandler(
          () -> {
            while (call.isReady()) {
              long next = number.incrementAndGet();
              call.onNext(
                  WatchEventsResponse.newBuilder()
                      .addEvents(Event.newBuilder().setNumber(next).setNamespace("n".repeat(1_000)))
                      .setResumeToken(request.getResumeToken() + next)
                      .build());
              eventsSent.set(next);
            }
          });
    }

    @Override
    public void verifyRanges(
        VerifyRangesRequest request, StreamObserver<VerifyRangesResponse> call) {
      for (int rangeId : request.getRangeIdsList()) {
        call.onNext(
            VerifyRangesResponse.newBuilder()
                .setRangesTotal(request.getRangeIdsCount())
                .setRange(RangeVerification.newBuilder().setRangeId(rangeId))
                .build());
      }
      call.onCompleted();
    }

    @Override
    public void readLog(ReadLogRequest request, StreamObserver<ReadLogResponse> call) {
      call.onNext(
          ReadLogResponse.newBuilder()
              .setEntry(LogEntry.newBuilder().setPosition(request.getFrom()))
              .build());
      call.onCompleted();
    }

    @Override
    public void deleteNamespace(
        DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> call) {
      synchronized (FakeShards.this) {
        namespaces.remove(request.getName());
      }
      call.onNext(DeleteNamespaceResponse.getDefaultInstance());
      call.onCompleted();
    }
  }

  private static RuntimeException notFound(String namespace) {
    return Errors.of(
        Status.Code.NOT_FOUND,
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
        "namespace: " + namespace + " (expected: one that exists)");
  }

  private final class Watching extends TopologyServiceGrpc.TopologyServiceImplBase {

    @Override
    public void watchTopology(
        WatchTopologyRequest request, StreamObserver<WatchTopologyResponse> call) {
      ((ServerCallStreamObserver<WatchTopologyResponse>) call)
          .setOnCancelHandler(
              () -> {
                synchronized (FakeShards.this) {
                  watchers.remove(call);
                }
              });
      synchronized (FakeShards.this) {
        watchers.add(call);
        call.onNext(picture());
      }
    }
  }
}
