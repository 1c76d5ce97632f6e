package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import com.linecorp.armeria.server.annotation.Param;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.answer.RankAnswer;
import org.tallyring.aggregator.answer.RankAnswers;
import org.tallyring.aggregator.merge.MergedRank;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetRankRequest;

/** The rank of one key. */
final class RankResource {

  private static final List<String> PARAMETERS =
      List.of("window", "last", "at", "neighbors", "compare", "require_complete");

  private final RankAnswers answers;

  RankResource(RankAnswers answers) {
    this.answers = answers;
  }

  /** The rank of the key that the last segment of the path holds, percent-encoded. */
  @Get("regex:^/v1/namespaces/(?<namespace>[^/]+)/metrics/(?<metric>[^/]+)/ranks/[^/]+$")
  public CompletableFuture<HttpResponse> rank(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    Parameters parameters = new Parameters(context, PARAMETERS);
    ByteString key = PathKey.of(context);
    GetRankRequest.Builder request =
        GetRankRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(parameters.window("all"))
            .setKey(key)
            .setComparePrevious(parameters.choice("compare", "previous"))
            .setRequireComplete(parameters.flag("require_complete"));
    Integer neighbors =
        parameters.number(
            "neighbors", ErrorReason.ERROR_REASON_BAD_PARAMETER, "0.." + RankAnswers.MAX_NEIGHBORS);
    if (neighbors != null) {
      request.setNeighbors(neighbors);
    }
    return answers.answer(request.build()).thenApply(answer -> response(key, answer));
  }

  private static HttpResponse response(ByteString key, RankAnswer answer) {
    MergedRank merged = answer.merged();
    ObjectNode document = Json.object();
    document.put("namespace", answer.metric().namespace());
    document.put("metric", answer.metric().metric());
    document.put("id", key.toStringUtf8());
    document.put("rank", merged.rank());
    document.put("total", merged.total());
    document.put("count", merged.count());
    Long previous = answer.previousRank();
    if (previous != null) {
      document.put("previous_rank", previous);
    }
    Json.rows(document.putArray("above"), merged.above(), merged.rank() - merged.above().size());
    Json.rows(document.putArray("below"), merged.below(), merged.rank() + 1);
    Json.label(document, answer.label());
    return Json.response(HttpStatus.OK, document);
  }
}
