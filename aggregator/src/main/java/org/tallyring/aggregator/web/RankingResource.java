package org.tallyring.aggregator.web;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.annotation.Get;
import com.linecorp.armeria.server.annotation.Param;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.aggregator.answer.RankingPage;
import org.tallyring.aggregator.answer.RankingPages;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ListRankingRequest;

/** The whole ranking, page by page. */
final class RankingResource {

  private static final List<String> PARAMETERS =
      List.of("window", "last", "at", "page_size", "page_token", "require_complete");

  private final RankingPages pages;

  RankingResource(RankingPages pages) {
    this.pages = pages;
  }

  /** A page; the first one without a token. */
  @Get("/v1/namespaces/{namespace}/metrics/{metric}/ranking")
  public CompletableFuture<HttpResponse> page(
      ServiceRequestContext context,
      @Param("namespace") String namespace,
      @Param("metric") String metric) {
    Parameters parameters = new Parameters(context, PARAMETERS);
    ListRankingRequest.Builder request =
        ListRankingRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(metric)
            .setWindow(parameters.window("all"))
            .setPageToken(parameters.text("page_token", ""))
            .setRequireComplete(parameters.flag("require_complete"));
    Integer size = parameters.number("page_size", ErrorReason.ERROR_REASON_BAD_SIZE, "at least 1");
    if (size != null) {
      request.setPageSize(size);
    }
    return pages.page(request.build()).thenApply(RankingResource::response);
  }

  private static HttpResponse response(RankingPage page) {
    ObjectNode document = Json.object();
    Json.label(document, page.label());
    document.put("namespace", page.metric().namespace());
    document.put("metric", page.metric().metric());
    document.put("total", page.total());
    Json.rows(document.putArray("items"), page.rows(), page.firstRank());
    if (page.nextPageToken().isEmpty()) {
      document.putNull("next_page_token");
    } else {
      document.put("next_page_token", page.nextPageToken());
    }
    return Json.response(HttpStatus.OK, document);
  }
}
