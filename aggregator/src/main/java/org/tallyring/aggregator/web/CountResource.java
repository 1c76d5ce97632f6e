package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import com.linecorp.armeria.server.annotation.Param;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.collect.CountedMetric;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;

/** The count of one key. */
final class CountResource {

  private static final List<String> PARAMETERS =
      List.of("window", "last", "at", "require_complete");
  private static final Duration RETRY_DELAY = Duration.ofMillis(500);

  private final NamespaceDirectory namespaces;
  private final ShardCalls calls;

  CountResource(NamespaceDirectory namespaces, ShardCalls calls) {
    this.namespaces = namespaces;
    this.calls = calls;
  }

  /** The count of the key that the last segment of the path holds, percent-encoded. */
  @Get("regex:^/v1/namespaces/(?<namespace>[^/]+)/metrics/(?<metric>[^/]+)/counts/[^/]+$")
  public CompletableFuture<HttpResponse> count(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    Parameters parameters = new Parameters(context, PARAMETERS);
    ByteString key = PathKey.of(context);
    GetCountsRequest.Builder request =
        GetCountsRequest.newBuilder()
            .setWindow(parameters.window("all"))
            .addKeys(key)
            .setRequireComplete(parameters.flag("require_complete"));
    Duration timeout = Duration.ofMillis(context.requestTimeoutMillis());
    return namespaces
        .resolve(namespace, metric)
        .thenCompose(
            found ->
                calls
                    .toAny(
                        CounterServiceGrpc.getGetCountsMethod(),
                        request.setNamespace(found.namespace()).setMetric(found.metric()).build(),
                        timeout,
                        ShardCalls.Repeat.SAFE)
                    .thenApply(answer -> response(found, key, answer)));
  }

  private static HttpResponse response(
      CountedMetric metric, ByteString key, GetCountsResponse answer) {
    if (answer.getCountsCount() == 0) {
      // There is no count to show, and 0 would be a lie.
      throw Errors.retryable(
          Status.Code.UNAVAILABLE,
          ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE,
          "the key's range has no live owner at the moment",
          RETRY_DELAY);
    }
    ObjectNode document = Json.object();
    document.put("namespace", metric.namespace());
    document.put("metric", metric.metric());
    document.put("id", key.toStringUtf8());
    document.put("count", answer.getCounts(0).getCount());
    Json.label(document, answer.getLabel());
    return Json.response(HttpStatus.OK, document);
  }
}
