package org.tallyring.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.Backoff;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.loop.NetworkLoop;
import org.tallyring.client.recording.Recorder;
import org.tallyring.client.recording.RecordingSettings;
import org.tallyring.client.topology.ClusterTopology;
import org.tallyring.client.topology.TopologyFeed;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.name.EventIdRules;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.name.NameRules;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.SeriesPeriod;
import org.tallyring.topology.window.WindowLevel;

/**
 * A connection to a cluster: records increments of one namespace exactly once, and reads counts and
 * rankings.
 *
 * <p>Make one per process and namespace and keep it: it holds connections, two threads, and the
 * sessions that make repeats count once. It may be made before the cluster is up, and outlives
 * restarts of any or all of its servers. Thread-safe.
 */
public final class TallyringClient implements AutoCloseable {

  /** The most keys that one {@link #count(String, List, WindowSelection)} can ask for. */
  public static final int MAX_KEYS = 10_000;

  /** The most rows that a ranking can have. */
  public static final int MAX_K = 1000;

  private static final Duration FIRST_READ_DELAY = Duration.ofMillis(20);
  private static final Duration LONGEST_READ_DELAY = Duration.ofSeconds(1);

  private final String namespace;
  private final List<String> servers;
  private final Duration deadline;
  private final ShardChannels channels;
  private final EventLoop loop;
  private final ExecutorService callbacks;
  private final RandomGenerator random;
  private final TopologyFeed feed;
  private final Recorder recorder;
  private final Set<ReadCall<?>> reads = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** The last metric found valid. Threads may see another's or an older one; each is valid. */
  private String validMetric = "";

  /** A client on parts that it closes with itself. */
  TallyringClient(
      Builder builder,
      ShardChannels channels,
      EventLoop loop,
      ExecutorService callbacks,
      RandomGenerator random) {
    namespace = builder.namespace;
    servers = builder.servers;
    deadline = builder.deadline;
    this.channels = channels;
    this.loop = loop;
    this.callbacks = callbacks;
    this.random = random;
    feed = new TopologyFeed(servers, channels, loop, random);
    recorder =
        new Recorder(
            new RecordingSettings(namespace, deadline, builder.maxBytesInFlight, builder.onFailure),
            feed,
            channels,
            loop,
            callbacks,
            random);
    feed.start();
  }

  /** Begins a client. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Adds 1 to a metric of a key, now, without asking for the result. Waits while {@code
   * maxBytesInFlight} are on their way; a failure after that goes to {@code onFailure}.
   *
   * @throws TallyringException if the increment is not valid (BAD_KEY, BAD_NAME), or there was no
   *     room (OVERLOADED) or no cluster (NOT_READY) before the deadline; it was not recorded
   * @throws IllegalStateException if the client is closed
   */
  public void record(String metric, String key) {
    byte[] bytes = Increment.utf8(key);
    check(metric, bytes);
    recorder.record(metric, bytes, Recorder.NO_USER, 1, Recorder.UNTIMED, null);
  }

  /**
   * Records an increment without asking for the result, as {@link #record(String, String)}.
   *
   * @throws TallyringException as there, and if the delta is 0 (BAD_DELTA) or the event time is
   *     outside of the years 1 to 9999 (BAD_EVENT_TIME), or the event id has not 1 to 16 bytes
   *     (BAD_EVENT_ID)
   * @throws IllegalStateException if the client is closed
   */
  public void record(Increment increment) {
    check(increment);
    recorder.record(
        increment.metric(),
        increment.sharedKey(),
        increment.sharedUser(),
        increment.delta(),
        timeOf(increment),
        increment.sharedEventId());
  }

  /**
   * Records an increment. Waits while {@code maxBytesInFlight} are on their way.
   *
   * @return completes when the increment is durable and applied, or exceptionally with a {@link
   *     TallyringException}; callbacks run on a thread of the client, one at a time
   * @throws TallyringException as {@link #record(Increment)}
   * @throws IllegalStateException if the client is closed
   */
  public CompletableFuture<RecordResult> recordAsync(Increment increment) {
    check(increment);
    return recorder.recordAsync(
        increment.metric(),
        increment.sharedKey(),
        increment.sharedUser(),
        increment.delta(),
        timeOf(increment),
        increment.sharedEventId());
  }

  /**
   * Waits until everything recorded so far has a definite answer or has failed, which is at the end
   * of its deadline at the latest. Must not be called by a callback.
   */
  public void flush() {
    recorder.flush();
  }

  /** How the increments have ended so far. */
  public RecordTotals totals() {
    return recorder.totals();
  }

  /** The bytes of increments that wait for their answers. */
  public long bytesInFlight() {
    return recorder.bytesInFlight();
  }

  /**
   * The count of a key over all time. It includes everything acknowledged before the call.
   *
   * @throws TallyringException if the arguments are not valid, or there is no answer before the
   *     deadline
   */
  public long count(String metric, String key) {
    GetCountsResponse response = getCounts(metric, List.of(key), WindowSelection.allTime(), true);
    return response.getCountsCount() == 0 ? 0 : response.getCounts(0).getCount();
  }

  /**
   * The counts of keys in a window or span. Keys of ranges that have no owner at the moment are
   * left out, as the label says.
   *
   * @param keys 1 to {@value #MAX_KEYS}
   * @throws TallyringException if the arguments are not valid, or there is no answer before the
   *     deadline
   */
  public Counts count(String metric, List<String> keys, WindowSelection window) {
    return Counts.of(getCounts(metric, keys, window, false));
  }

  /**
   * The counts of a key in the consecutive buckets of a period.
   *
   * @param step the kind of bucket: a minute, which the metric's finest buckets must divide, hour,
   *     day or month
   * @param start the start of the first bucket, or a time in it
   * @param end the end, exclusive, of the last bucket, or a time in it; at most 10,000 buckets
   * @throws TallyringException if the arguments are not valid, the buckets are not kept any more,
   *     or there is no answer before the deadline
   */
  public Series series(String metric, String key, WindowLevel step, Instant start, Instant end) {
    // Without a step of the metric's own all buckets have lengths that are known here.
    try {
      SeriesPeriod.of(
          step,
          BucketWidth.MINUTE,
          ProtoTimes.millis(WindowSelection.timestamp(start)),
          ProtoTimes.millis(WindowSelection.timestamp(end)));
    } catch (IllegalArgumentException refused) {
      refuse(ErrorReason.ERROR_REASON_BAD_WINDOW, refused.getMessage());
    }
    return series(metric, key, Windows.window(step), start, end);
  }

  /**
   * The counts of a key in the consecutive finest buckets that the metric keeps, see {@link
   * Label#bucketLength}.
   *
   * @param start the start of the first bucket, or a time in it
   * @param end the end, exclusive, of the last bucket, or a time in it; at most 10,000 buckets
   * @throws TallyringException as the other series
   */
  public Series series(String metric, String key, Instant start, Instant end) {
    return series(metric, key, Window.WINDOW_BUCKET, start, end);
  }

  private Series series(String metric, String key, Window step, Instant start, Instant end) {
    byte[] bytes = Increment.utf8(key);
    check(metric, bytes);
    GetSeriesRequest request =
        GetSeriesRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setKey(UnsafeByteOperations.unsafeWrap(bytes))
            .setStep(step)
            .setStartTime(WindowSelection.timestamp(start))
            .setEndTime(WindowSelection.timestamp(end))
            .build();
    return Series.of(
        read(
            () -> shardsFor(request.getKey()),
            (channel, limit, answer) ->
                CounterServiceGrpc.newStub(channel)
                    .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
                    .getSeries(request, answer)));
  }

  /**
   * The keys with the highest counts. One of the servers this client was given must be an
   * aggregator.
   *
   * @param k how many, 1 to {@value #MAX_K}
   * @throws TallyringException if the arguments are not valid, no server is an aggregator, or there
   *     is no answer before the deadline
   */
  public TopK topK(String metric, WindowSelection window, int k) {
    refuse(ErrorReason.ERROR_REASON_BAD_NAME, NameRules.violation("metric", metric));
    if (k < 1 || k > MAX_K) {
      refuse(ErrorReason.ERROR_REASON_BAD_K, "k: " + k + " (expected: 1.." + MAX_K + ")");
    }
    GetTopKRequest request =
        GetTopKRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(window.toSelector())
            .setK(k)
            .build();
    GetTopKResponse response =
        read(
            () -> servers,
            (channel, limit, answer) ->
                TopKServiceGrpc.newStub(channel)
                    .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
                    .getTopK(request, answer));
    return TopK.of(response);
  }

  /**
   * Takes no more increments, waits until those recorded have their answers or their deadlines end,
   * and releases everything. Increments that are still unanswered then have failed. Must not be
   * called by a callback.
   */
  @Override
  public void close() {
    closed = true;
    recorder.close();
    reads.forEach(ReadCall::cancel);
    feed.close();
    callbacks.shutdown();
    channels.close();
    loop.close();
  }

  private GetCountsResponse getCounts(
      String metric, List<String> keys, WindowSelection window, boolean requireComplete) {
    refuse(ErrorReason.ERROR_REASON_BAD_NAME, NameRules.violation("metric", metric));
    if (keys.isEmpty() || keys.size() > MAX_KEYS) {
      refuse(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "keys: " + keys.size() + " (expected: 1.." + MAX_KEYS + ")");
    }
    GetCountsRequest.Builder request =
        GetCountsRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(window.toSelector())
            .setRequireComplete(requireComplete);
    for (String key : keys) {
      byte[] bytes = Increment.utf8(key);
      refuse(ErrorReason.ERROR_REASON_BAD_KEY, KeyRules.violation(bytes, 0, bytes.length));
      request.addKeys(UnsafeByteOperations.unsafeWrap(bytes));
    }
    GetCountsRequest built = request.build();
    return read(
        () -> shardsFor(built.getKeys(0)),
        (channel, limit, answer) ->
            CounterServiceGrpc.newStub(channel)
                .withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS)
                .getCounts(built, answer));
  }

  private <A> A read(Supplier<List<String>> candidates, ReadCall.Attempt<A> attempt) {
    Backoff backoff = new Backoff(FIRST_READ_DELAY, LONGEST_READ_DELAY, random);
    ReadCall<A> call = new ReadCall<>(channels, loop, backoff, candidates, deadline, attempt);
    reads.add(call);
    try {
      if (closed) {
        throw new IllegalStateException("client: closed (expected: open)");
      }
      return call.await();
    } finally {
      reads.remove(call);
    }
  }

  /**
   * Any server answers for all keys; the owner of the first saves a detour when it is the only one.
   */
  private List<String> shardsFor(ByteString key) {
    ClusterTopology picture = feed.current();
    if (picture == null) {
      return servers;
    }
    Collection<String> addresses = new LinkedHashSet<>();
    long hash = new KeyHash(namespace).hash(key.toByteArray());
    String owner = picture.addressOf(picture.range(picture.rangeTable().rangeOf(hash)).getOwner());
    if (owner != null) {
      addresses.add(owner);
    }
    picture.shards().stream().map(ShardMember::getAddress).forEach(addresses::add);
    addresses.addAll(servers);
    return List.copyOf(addresses);
  }

  private void check(String metric, byte[] key) {
    // Most often the very string of the increment before.
    if (!metric.equals(validMetric)) {
      refuse(ErrorReason.ERROR_REASON_BAD_NAME, NameRules.violation("metric", metric));
      validMetric = metric;
    }
    refuse(ErrorReason.ERROR_REASON_BAD_KEY, KeyRules.violation(key, 0, key.length));
  }

  private void check(Increment increment) {
    check(increment.metric(), increment.sharedKey());
    byte[] user = increment.sharedUser();
    if (user.length > 0) {
      refuse(ErrorReason.ERROR_REASON_BAD_USER, KeyRules.violation("user", user, 0, user.length));
    }
    checkEventId(increment.sharedEventId());
    if (increment.delta() == 0) {
      refuse(ErrorReason.ERROR_REASON_BAD_DELTA, "delta: 0 (expected: any other number)");
    }
    if (increment.isTimed()) {
      long time = increment.sharedTime();
      if (time < WindowLevel.MIN_TIME_MILLIS || time >= WindowLevel.MAX_TIME_MILLIS) {
        refuse(
            ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
            "event_time_millis: " + time + " (expected: in the years 1 to 9999)");
      }
    }
  }

  private static void checkEventId(byte @Nullable [] eventId) {
    if (eventId != null) {
      refuse(ErrorReason.ERROR_REASON_BAD_EVENT_ID, EventIdRules.violation(eventId.length));
    }
  }

  private static long timeOf(Increment increment) {
    return increment.isTimed() ? increment.sharedTime() : Recorder.UNTIMED;
  }

  private static void refuse(ErrorReason reason, @Nullable String violation) {
    if (violation != null) {
      throw TallyringException.definite(reason, violation);
    }
  }

  /** Sets up a {@link TallyringClient}. Not thread-safe. */
  public static final class Builder {

    private static final long SMALLEST_MAX_BYTES = 64 << 10;

    private List<String> servers = List.of();
    private String namespace = "default";
    private Duration deadline = Duration.ofMinutes(2);
    private long maxBytesInFlight = 32 << 20;
    private @Nullable Consumer<RecordFailure> onFailure;

    private Builder() {}

    /**
     * Where to learn the topology: shards, aggregators or both, {@code host:port}. A few that are
     * seldom down together are enough; only {@link #topK} needs an aggregator among them.
     */
    public Builder servers(String... addresses) {
      return servers(List.of(addresses));
    }

    /** As {@link #servers(String...)}. */
    public Builder servers(List<String> addresses) {
      for (String address : addresses) {
        checkAddress(address);
      }
      servers = List.copyOf(addresses);
      return this;
    }

    /** The namespace; {@code default} unless set. */
    public Builder namespace(String namespace) {
      refuse(ErrorReason.ERROR_REASON_BAD_NAME, NameRules.violation("namespace", namespace));
      this.namespace = namespace;
      return this;
    }

    /**
     * How long an increment or a read may wait for its answer, and a caller for room; 2 minutes
     * unless set. It is kept to a tenth, or a second if that is less.
     */
    public Builder deadline(Duration deadline) {
      if (deadline.isNegative() || deadline.isZero()) {
        refuse(
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "deadline: " + deadline + " (expected: positive)");
      }
      this.deadline = deadline;
      return this;
    }

    /** How many bytes of increments may wait for their answers; 32 MiB unless set. */
    public Builder maxBytesInFlight(long bytes) {
      if (bytes < SMALLEST_MAX_BYTES) {
        refuse(
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "maxBytesInFlight: " + bytes + " (expected: at least " + SMALLEST_MAX_BYTES + ")");
      }
      maxBytesInFlight = bytes;
      return this;
    }

    /**
     * Told of each increment recorded without a future that failed. Called on a thread of the
     * client, one call at a time. Unless set, a warning is logged for each batch with failures.
     */
    public Builder onFailure(Consumer<RecordFailure> listener) {
      onFailure = listener;
      return this;
    }

    /** The client. It connects in the background. */
    public TallyringClient build() {
      requireServers();
      NetworkLoop loop = NetworkLoop.start("tallyring-client");
      return build(ShardChannels.on(loop), loop, new SecureRandom());
    }

    /** A client on another transport, clock and source of chance. */
    TallyringClient build(ShardChannels channels, EventLoop loop, RandomGenerator random) {
      requireServers();
      return new TallyringClient(
          this,
          channels,
          loop,
          Executors.newSingleThreadExecutor(
              task -> {
                Thread thread = new Thread(task, "tallyring-client-callbacks");
                thread.setDaemon(true);
                return thread;
              }),
          random);
    }

    private void requireServers() {
      if (servers.isEmpty()) {
        refuse(
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "servers: none (expected: at least one host:port)");
      }
    }

    private static void checkAddress(String address) {
      int colon = address.lastIndexOf(':');
      boolean valid = colon > 0 && colon < address.length() - 1 && address.length() - colon <= 6;
      for (int i = colon + 1; valid && i < address.length(); i++) {
        valid = address.charAt(i) >= '0' && address.charAt(i) <= '9';
      }
      valid = valid && Integer.parseInt(address.substring(colon + 1)) <= 65_535;
      if (!valid) {
        refuse(
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "servers: " + address + " (expected: host:port)");
      }
    }
  }
}
