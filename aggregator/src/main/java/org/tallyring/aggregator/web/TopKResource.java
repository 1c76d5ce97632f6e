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
import org.tallyring.aggregator.answer.TopKAnswer;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetTopKRequest;

/** Rankings. */
final class TopKResource {

  private static final List<String> COMMON =
      List.of("window", "last", "at", "k", "include", "where", "score", "require_complete");
  private static final List<String> WITH_NAMES =
      List.of(
          "window",
          "last",
          "at",
          "k",
          "namespace",
          "metric",
          "include",
          "where",
          "score",
          "require_complete");

  private final TopKAnswers answers;

  TopKResource(TopKAnswers answers) {
    this.answers = answers;
  }

  /** The K keys with the highest counts; namespace and metric are parameters. */
  @Get("/top-k")
  public CompletableFuture<HttpResponse> topK(ServiceRequestContext context) {
    Parameters parameters = new Parameters(context, WITH_NAMES);
    return answer(parameters, parameters.text("namespace", ""), parameters.text("metric", ""));
  }

  /** The K keys with the highest counts; namespace and metric are in the path. */
  @Get("/v1/namespaces/{namespace}/metrics/{metric}/top-k")
  public CompletableFuture<HttpResponse> topKOfMetric(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    return answer(new Parameters(context, COMMON), namespace, metric);
  }

  private CompletableFuture<HttpResponse> answer(
      Parameters parameters, String namespace, String metric) {
    GetTopKRequest.Builder request =
        GetTopKRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(parameters.window(null))
            .addAllInclude(parameters.names("include"))
            .addAllWhere(parameters.filters())
            .addAllScore(parameters.score())
            .setRequireComplete(parameters.flag("require_complete"));
    Integer k = parameters.number("k", ErrorReason.ERROR_REASON_BAD_K, "1.." + TopKAnswers.MAX_K);
    if (k != null) {
      request.setK(k);
    }
    return answers.answer(request.build()).thenApply(TopKResource::response);
  }

  private static HttpResponse response(TopKAnswer answer) {
    ObjectNode document = Json.object();
    Json.label(document, answer.label());
    document.put("namespace", answer.metric().namespace());
    document.put("metric", answer.metric().metric());
    ArrayNode items = document.putArray("items");
    Ranking ranking = answer.ranking();
    for (int place = 0; place < ranking.size(); place++) {
      ObjectNode item =
          items
              .addObject()
              .put("id", new String(ranking.key(place), StandardCharsets.UTF_8))
              .put("count", answer.count(place))
              .put("rank", place + 1);
      if (answer.isScored()) {
        item.put("score", CriterionText.decimal(answer.scoreMicros(place)));
      }
      if (!answer.include().isEmpty()) {
        ObjectNode included = item.putObject("included");
        for (int i = 0; i < answer.include().size(); i++) {
          included.put(answer.include().get(i), answer.included(place, i));
        }
      }
    }
    return Json.response(HttpStatus.OK, document);
  }
}
