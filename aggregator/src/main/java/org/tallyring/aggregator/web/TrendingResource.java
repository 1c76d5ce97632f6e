package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import com.linecorp.armeria.server.annotation.Param;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.answer.TrendingAnswer;
import org.tallyring.aggregator.answer.TrendingAnswers;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTrendingRequest;

/** Rankings by growth. */
final class TrendingResource {

  private static final List<String> PARAMETERS =
      List.of("k", "min_count", "baseline_hours", "require_complete");

  private final TrendingAnswers answers;

  TrendingResource(TrendingAnswers answers) {
    this.answers = answers;
  }

  /** The K keys that grow most in the current hour. */
  @Get("/v1/namespaces/{namespace}/metrics/{metric}/trending")
  public CompletableFuture<HttpResponse> trending(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    Parameters parameters = new Parameters(context, PARAMETERS);
    GetTrendingRequest.Builder request =
        GetTrendingRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setRequireComplete(parameters.flag("require_complete"));
    Integer k = parameters.number("k", ErrorReason.ERROR_REASON_BAD_K, "1.." + TopKAnswers.MAX_K);
    if (k != null) {
      request.setK(k);
    }
    Integer minCount =
        parameters.number("min_count", ErrorReason.ERROR_REASON_BAD_PARAMETER, "at least 1");
    if (minCount != null) {
      request.setMinCount(minCount);
    }
    Integer hours =
        parameters.number(
            "baseline_hours",
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "1.." + TrendingAnswers.MAX_BASELINE_HOURS);
    if (hours != null) {
      request.setBaselineHours(hours);
    }
    return answers.answer(request.build()).thenApply(TrendingResource::response);
  }

  private static HttpResponse response(TrendingAnswer answer) {
    ObjectNode document = Json.object();
    Json.label(document, answer.label());
    document.put("namespace", answer.metric().namespace());
    document.put("metric", answer.metric().metric());
    document.put("baseline_hours", answer.baselineHours());
    Json.time(
        document, "baseline_start", true, ProtoTimes.timestamp(answer.baseline().startMillis()));
    ArrayNode items = document.putArray("items");
    Ranking ranking = answer.ranking();
    for (int place = 0; place < ranking.size(); place++) {
      items
          .addObject()
          .put("id", new String(ranking.key(place), StandardCharsets.UTF_8))
          .put("count", answer.count(place))
          .put("baseline_count", answer.baselineCount(place))
          .put("baseline_mean", answer.baselineMean(place))
          .put("score", CriterionText.decimal(answer.scoreMicros(place)))
          .put("rank", place + 1);
    }
    return Json.response(HttpStatus.OK, document);
  }
}
