package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import com.linecorp.armeria.server.annotation.Param;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.topology.window.BucketWidth;

/** The counts of one key, bucket by bucket. */
final class SeriesResource {

  private static final List<String> PARAMETERS = List.of("step", "start", "end", "last");

  private final NamespaceDirectory namespaces;
  private final ShardCalls calls;
  private final InstantSource clock;

  SeriesResource(NamespaceDirectory namespaces, ShardCalls calls, InstantSource clock) {
    this.namespaces = namespaces;
    this.calls = calls;
    this.clock = clock;
  }

  /** The series of the key that the last segment of the path holds, percent-encoded. */
  @Get("regex:^/v1/namespaces/(?<namespace>[^/]+)/metrics/(?<metric>[^/]+)/series/[^/]+$")
  public CompletableFuture<HttpResponse> series(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    Parameters parameters = new Parameters(context, PARAMETERS);
    ByteString key = PathKey.of(context);
    // What is wrong with the period is told even if there is no such metric.
    parameters.period(BucketWidth.MINUTE, clock.millis());
    Duration timeout = Duration.ofMillis(context.requestTimeoutMillis());
    return namespaces
        .resolve(namespace, metric)
        .thenCompose(
            found -> {
              GetSeriesRequest request =
                  parameters
                      .period(found.bucketWidth(), clock.millis())
                      .setKey(key)
                      .setNamespace(found.namespace())
                      .setMetric(found.metric())
                      .build();
              return calls
                  .toAny(
                      CounterServiceGrpc.getGetSeriesMethod(),
                      request,
                      timeout,
                      ShardCalls.Repeat.SAFE)
                  .thenApply(answer -> response(found, key, answer));
            });
  }

  private static HttpResponse response(
      CountedMetric metric, ByteString key, GetSeriesResponse answer) {
    ObjectNode document = Json.object();
    document.put("namespace", metric.namespace());
    document.put("metric", metric.metric());
    document.put("id", key.toStringUtf8());
    Json.label(document, answer.getLabel());
    ArrayNode points = document.putArray("points");
    for (SeriesPoint point : answer.getPointsList()) {
      ObjectNode row = points.addObject();
      Json.time(row, "start", true, point.getStartTime());
      row.put("count", point.getCount());
    }
    return Json.response(HttpStatus.OK, document);
  }
}
