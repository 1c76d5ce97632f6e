package org.tallyring.aggregator.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.window.WindowLevel;

final class RankingsRestTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long THIS_HOUR = Instant.parse("2026-01-15T10:00:00Z").toEpochMilli();
  private static final long LAST_HOUR = Instant.parse("2026-01-15T09:00:00Z").toEpochMilli();
  private static final WindowKey ALL = FakeShards.window(WindowLevel.ALL, 0);
  private static final String CLICKS = "/v1/namespaces/default/metrics/clicks";

  private static RunningAggregator running;

  @BeforeAll
  static void start() throws Exception {
    running = new RunningAggregator();
    running.shards.define(
        NamespaceDefinition.newBuilder()
            .setName("default")
            .setUid(FakeShards.UID)
            .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
            .addMetrics(MetricDefinition.newBuilder().setName("views"))
            .build());
    for (int i = 1; i <= 5; i++) {
      running.shards.count(ALL, "k" + i, i);
      running.shards.count(FakeShards.of("views", ALL), "k" + i, 10 * (6 - i));
    }
    running.shards.count(FakeShards.window(WindowLevel.HOUR, THIS_HOUR), "k2", 40);
    running.shards.count(FakeShards.window(WindowLevel.HOUR, LAST_HOUR), "k2", 12);
    running.shards.count(FakeShards.window(WindowLevel.HOUR, LAST_HOUR), "k1", 20);
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void aScoreAndCountsIncludedAreShownInEachRow() throws Exception {
    String body =
        running
            .get(
                CLICKS
                    + "/top-k?window=all&k=2&score=0.5*views+1*clicks&include=views"
                    + "&where=clicks%3E=2,views%3C=40&where=clicks%3C5")
            .body();

    assertThat(body)
        .endsWith(
            """
            "items":[{"id":"k2","count":2,"rank":1,"score":22,"included":{"views":40}},\
            {"id":"k3","count":3,"rank":2,"score":18,"included":{"views":30}}]}""");
  }

  @Test
  void theRankOfAKeyIsShownWithItsNeighbors() throws Exception {
    assertThat(running.get(CLICKS + "/ranks/k3?neighbors=1").body())
        .isEqualTo(
            """
            {"namespace":"default","metric":"clicks","id":"k3","rank":3,"total":5,"count":3,\
            "above":[{"id":"k4","count":4,"rank":2}],"below":[{"id":"k2","count":2,"rank":4}],\
            "window":"all","start":null,"end":null,"as_of":"2026-01-15T10:30:00Z","final":false,\
            "revision":0,"exact":true,"ranges_total":4,"ranges_included":4}""");
  }

  @Test
  void theRankInTheWindowBeforeIsShownIfAskedFor() throws Exception {
    JsonNode rank =
        JSON.readTree(
            running.get(CLICKS + "/ranks/k2?window=hour&at=current&compare=previous").body());
    assertThat(rank.path("rank").intValue()).isEqualTo(1);
    assertThat(rank.path("previous_rank").intValue()).isEqualTo(2);
  }

  @Test
  void theRankingIsReadPageByPage() throws Exception {
    List<String> ids = new ArrayList<>();
    String token = "";
    do {
      JsonNode page =
          JSON.readTree(
              running
                  .get(
                      CLICKS
                          + "/ranking?page_size=2"
                          + (token.isEmpty() ? "" : "&page_token=" + token))
                  .body());
      assertThat(page.path("total").intValue()).isEqualTo(5);
      page.path("items")
          .forEach(item -> ids.add(item.path("rank").intValue() + item.path("id").textValue()));
      token = page.path("next_page_token").asText("");
    } while (!token.isEmpty() && !token.equals("null"));
    assertThat(ids).containsExactly("1k5", "2k4", "3k3", "4k2", "5k1");
  }

  @Test
  void whatGrowsIsShown() throws Exception {
    assertThat(running.get(CLICKS + "/trending?baseline_hours=12").body())
        .endsWith(
            """
            "baseline_hours":12,"baseline_start":"2026-01-14T22:00:00Z","items":[{"id":"k2","count":40,"baseline_count":12,\
            "baseline_mean":1.0,"score":28,"rank":1}]}""");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/top-k?window=all&where=views      | BAD_PARAMETER | where: views (expected: a metric, one of >= <= > < =, and a whole number of 64 bits)",
        "/top-k?window=all&score=views      | BAD_PARAMETER | score: views (expected: terms such as 0.1*views joined by +, weights with at most 6 digits after the point)",
        "/top-k?window=all&score=1*views&score=1*clicks | BAD_PARAMETER | score: given more than once (expected: once)",
        "/top-k?window=all&include=views,views | BAD_PARAMETER | include: views twice (expected: each metric once)",
        "/top-k?window=all&include=views,   | BAD_PARAMETER | include: no metric (expected: the name of one)",
        "/top-k?window=all&score=0*views    | BAD_PARAMETER | score: weight of views 0 millionths (expected: not 0, from -10^15 to 10^15)",
        "/ranks/k1?neighbors=101            | BAD_PARAMETER | neighbors: 101 (expected: 0..100)",
        "/ranks/k1?neighbors=few            | BAD_PARAMETER | neighbors: few (expected: 0..100)",
        "/ranks/k1?compare=next             | BAD_PARAMETER | compare: next (expected: previous)",
        "/ranks/k1?compare=previous         | BAD_WINDOW    | compare_previous: all time (expected: a window that has one before it)",
        "/ranking?page_size=0               | BAD_SIZE      | page_size: 0 (expected: at least 1)",
        "/ranking?page_token=x              | BAD_CURSOR    | page_token: damaged (expected: the next_page_token of a page of this ranking)",
        "/trending?window=day               | BAD_PARAMETER | window: unknown parameter (expected: k, min_count, baseline_hours, require_complete)",
        "/trending?baseline_hours=169       | BAD_PARAMETER | baseline_hours: 169 (expected: 1..168)",
        "/trending?min_count=0              | BAD_PARAMETER | min_count: 0 (expected: at least 1)",
      })
  void aBadParameterIsNamed(String target, String reason, String message) throws Exception {
    HttpResponse<String> response = running.get(CLICKS + target);
    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = JSON.readTree(response.body());
    assertThat(error.path("reason").textValue()).isEqualTo(reason);
    assertThat(error.path("message").textValue()).isEqualTo(message);
  }

  @Test
  void aKeyThatCannotBeHasNoRank() throws Exception {
    assertThat(JSON.readTree(running.get(CLICKS + "/ranks/%FF").body()).path("reason").textValue())
        .isEqualTo("BAD_KEY");
  }
}
