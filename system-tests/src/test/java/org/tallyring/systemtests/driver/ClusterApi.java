package org.tallyring.systemtests.driver;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.ListRangesRequest;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;

/** The calls of one server, a shard or an aggregator, without the client library. Thread-safe. */
public final class ClusterApi implements AutoCloseable {

  private static final long CALL_SECONDS = 20;
  private static final int KEYS_PER_CALL = 10_000;

  /** For the calls that must not hide a slow server. */
  private static final Duration FRESHNESS = Duration.ofSeconds(20);

  private final String address;
  private final ManagedChannel channel;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final ObjectMapper json = new ObjectMapper();

  /**
   * Calls to one server.
   *
   * @param address {@code host:port}
   */
  public ClusterApi(String address) {
    this.address = address;
    channel =
        Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
            .maxInboundMessageSize(16 << 20)
            .build();
  }

  /**
   * What REST answered.
   *
   * @param status the HTTP status
   * @param body the JSON
   */
  public record RestAnswer(int status, JsonNode body) {}

  /** Asks over REST. */
  public RestAnswer get(String pathAndQuery) {
    return send(request(pathAndQuery).build());
  }

  /** Sends JSON over REST. */
  public RestAnswer post(String path, String document) {
    return send(
        request(path)
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(document))
            .build());
  }

  private HttpRequest.Builder request(String pathAndQuery) {
    return HttpRequest.newBuilder(URI.create("http://" + address + pathAndQuery))
        .timeout(Duration.ofSeconds(CALL_SECONDS));
  }

  private RestAnswer send(HttpRequest request) {
    try {
      HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      return new RestAnswer(response.statusCode(), json.readTree(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** Calls to record and to count. */
  public CounterServiceGrpc.CounterServiceBlockingStub counters() {
    return CounterServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  /** Calls to record in streams; without a deadline. */
  public CounterServiceGrpc.CounterServiceStub streams() {
    return CounterServiceGrpc.newStub(channel);
  }

  /** Calls to define and to operate. */
  public AdminServiceGrpc.AdminServiceBlockingStub admin() {
    return AdminServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  /** Calls to watch; without a deadline. */
  public AdminServiceGrpc.AdminServiceStub adminStream() {
    return AdminServiceGrpc.newStub(channel);
  }

  /** Calls to rank. */
  public TopKServiceGrpc.TopKServiceBlockingStub rankings() {
    return TopKServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  /** Who owns what. */
  public Topology topology() {
    return TopologyServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
        .getTopology(GetTopologyRequest.getDefaultInstance())
        .getTopology();
  }

  /** The counts of keys over all time. */
  public Map<String, Long> counts(String namespace, String metric, List<String> keys) {
    Map<String, Long> counts = new HashMap<>();
    for (int from = 0; from < keys.size(); from += KEYS_PER_CALL) {
      List<String> page = keys.subList(from, Math.min(from + KEYS_PER_CALL, keys.size()));
      counters()
          .withWaitForReady()
          .getCounts(
              GetCountsRequest.newBuilder()
                  .setNamespace(namespace)
                  .setMetric(metric)
                  .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL))
                  .addAllKeys(page.stream().map(ByteString::copyFromUtf8).toList())
                  .setRequireComplete(true)
                  .build())
          .getCountsList()
          .forEach(count -> counts.put(count.getKey().toStringUtf8(), count.getCount()));
    }
    return counts;
  }

  /** How many increments all ranges have applied. */
  public long increments() {
    return admin().listRanges(ListRangesRequest.getDefaultInstance()).getRangesList().stream()
        .mapToLong(RangeStatus::getIncrements)
        .sum();
  }

  /** Waits until rankings include everything that was acknowledged before this call. */
  public void awaitFreshRankings(String namespace, String metric) {
    Instant now = Instant.now();
    GetTopKRequest request =
        GetTopKRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL))
            .setRequireComplete(true)
            .build();
    await("rankings as of " + now)
        .atMost(FRESHNESS)
        // While a range is handed on, for a moment.
        .ignoreExceptionsMatching(
            failure -> Status.fromThrowable(failure).getCode() == Status.Code.UNAVAILABLE)
        .until(
            () -> {
              var asOf = rankings().getTopK(request).getLabel().getAsOfTime();
              return !Instant.ofEpochSecond(asOf.getSeconds(), asOf.getNanos()).isBefore(now);
            });
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
