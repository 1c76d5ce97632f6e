package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Param;
import com.linecorp.armeria.server.annotation.Post;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.ShardCalls.Repeat;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;

/** Recording increments. */
final class EventsResource {

  private final ShardCalls calls;

  EventsResource(ShardCalls calls) {
    this.calls = calls;
  }

  /** Records one event, or an array of them; all of them or, if one is refused, none. */
  @Post("/v1/namespaces/{namespace}/events")
  public CompletableFuture<HttpResponse> record(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      AggregatedHttpRequest body) {
    new Parameters(context, List.of());
    RecordRequest request =
        EventsDocument.read(
            namespace,
            body.headers().get(EventsDocument.REQUEST_ID_HEADER),
            body.content().array());
    return calls
        .toAny(
            CounterServiceGrpc.getRecordMethod(),
            request,
            Duration.ofMillis(context.requestTimeoutMillis()),
            request.getRequestId().isEmpty() ? Repeat.UNSAFE : Repeat.SAFE)
        .thenApply(EventsResource::response);
  }

  private static HttpResponse response(RecordResponse answer) {
    ObjectNode document = Json.object();
    document.put("applied", Integer.toUnsignedLong(answer.getApplied()));
    document.put("duplicate", Integer.toUnsignedLong(answer.getDuplicate()));
    return Json.response(HttpStatus.OK, document);
  }
}
