package org.tallyring.aggregator.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.aggregator.fake.FakeShards;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.topology.window.WindowLevel;

final class RestTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long THIS_HOUR = Instant.parse("2026-01-15T10:00:00Z").toEpochMilli();
  private static final long LAST_HOUR = Instant.parse("2026-01-15T09:00:00Z").toEpochMilli();

  private static RunningAggregator running;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    running = new RunningAggregator();
    FakeShards shards = running.shards;
    shards.count(FakeShards.window(WindowLevel.HOUR, LAST_HOUR), "b", 5);
    shards.count(FakeShards.window(WindowLevel.HOUR, LAST_HOUR), "a", 5);
    shards.count(FakeShards.window(WindowLevel.HOUR, LAST_HOUR), "c", 9);
    shards.count(FakeShards.window(WindowLevel.HOUR, THIS_HOUR), "now", 3);
    shards.count(FakeShards.window(WindowLevel.MINUTE, LAST_HOUR), "m", 3);
    shards.count(FakeShards.window(WindowLevel.MINUTE, LAST_HOUR + 60_000), "m", 4);
    shards.count(FakeShards.window(WindowLevel.ALL, 0), "ever/und;ä", 9_007_199_254_740_993L);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> running.get("/top-k?window=all").body().contains("ever"));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @Test
  void theLatestFinalHourIsAnsweredByDefault() throws Exception {
    HttpResponse<String> response = running.get("/top-k?window=hour&k=2");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type"))
        .hasValue("application/json; charset=utf-8");
    assertThat(response.body())
        .isEqualTo(
            """
            {"window":"hour","start":"2026-01-15T09:00:00Z","end":"2026-01-15T10:00:00Z",\
            "as_of":"2026-01-15T10:30:00Z","final":true,"revision":0,"exact":true,\
            "ranges_total":4,"ranges_included":4,"namespace":"default","metric":"clicks",\
            "items":[{"id":"c","count":9,"rank":1},{"id":"a","count":5,"rank":2}]}""");
  }

  @Test
  void allTimeIsLiveAndHasNeitherStartNorEnd() throws Exception {
    assertThat(running.get("/top-k?window=all").body())
        .isEqualTo(
            """
            {"window":"all","start":null,"end":null,"as_of":"2026-01-15T10:30:00Z",\
            "final":false,"revision":0,"exact":true,"ranges_total":4,"ranges_included":4,\
            "namespace":"default","metric":"clicks",\
            "items":[{"id":"ever/und;ä","count":9007199254740993,"rank":1}]}""");
  }

  @ParameterizedTest
  @CsvSource({
    "at=current,                   2026-01-15T10:00:00Z, now, false",
    "at=sealed,                    2026-01-15T09:00:00Z, c,   true",
    "at=2026-01-15T09:59:59.999Z,  2026-01-15T09:00:00Z, c,   true",
    "at=2026-01-15T10:00:00Z,      2026-01-15T10:00:00Z, now, false",
    "at=2026-01-15T11:29:00%2B01:00, 2026-01-15T10:00:00Z, now, false",
    "namespace=default&metric=clicks, 2026-01-15T09:00:00Z, c, true",
    "require_complete=true,        2026-01-15T09:00:00Z, c,   true",
  })
  void aTimePicksTheWindowThatContainsIt(String query, String start, String best, boolean isFinal)
      throws Exception {
    JsonNode answer = JSON.readTree(running.get("/top-k?window=hour&" + query).body());

    assertThat(answer.path("start").textValue()).isEqualTo(start);
    assertThat(answer.path("items").path(0).path("id").textValue()).isEqualTo(best);
    assertThat(answer.path("final").booleanValue()).isEqualTo(isFinal);
  }

  @Test
  void namespaceAndMetricCanBeInThePath() throws Exception {
    String inPath =
        running.get("/v1/namespaces/default/metrics/clicks/top-k?window=hour&k=2").body();
    assertThat(inPath).isEqualTo(running.get("/top-k?window=hour&k=2").body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/top-k                            | BAD_WINDOW    | window: none (expected: hour, day, month or all)",
        "/top-k?window=week                | BAD_WINDOW    | window: week (expected: hour, day, month or all)",
        "/top-k?window=HOUR                | BAD_WINDOW    | window: HOUR (expected: hour, day, month or all)",
        "/top-k?window=hour&k=0            | BAD_K         | k: 0 (expected: 1..1000)",
        "/top-k?window=hour&k=1001         | BAD_K         | k: 1001 (expected: 1..1000)",
        "/top-k?window=hour&k=-1           | BAD_K         | k: -1 (expected: 1..1000)",
        "/top-k?window=hour&k=ten          | BAD_K         | k: ten (expected: 1..1000)",
        "/top-k?window=hour&k=99999999999  | BAD_K         | k: 99999999999 (expected: 1..1000)",
        "/top-k?window=hour&k=             | BAD_PARAMETER | k: no value (expected: one, as percent-encoded UTF-8)",
        "/top-k?window=hour&k=1&k=2        | BAD_PARAMETER | k: given more than once (expected: once)",
        "/top-k?window=hour&limit=3        | BAD_PARAMETER | limit: unknown parameter (expected: window, last, at, k, namespace, metric, include, where, score, require_complete)",
        "/top-k?window=hour&               | BAD_PARAMETER | : unknown parameter (expected: window, last, at, k, namespace, metric, include, where, score, require_complete)",
        "/top-k?window=hour&last=24h       | BAD_WINDOW    | last: 24h (expected: either last or window, not both)",
        "/top-k?last=0                     | BAD_WINDOW    | last: 0 (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=59s                   | BAD_WINDOW    | last: PT59S (expected: 1m, the metric's finest bucket, to 400 days)",
        "/top-k?last=1500ms                | BAD_WINDOW    | last: PT1.5S (expected: 1m, the metric's finest bucket, to 400 days)",
        "/top-k?last=0ms                   | BAD_WINDOW    | last: 0ms (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=10y                   | BAD_WINDOW    | last: 10y (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=401d                  | BAD_WINDOW    | last: 401d (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=-24h                  | BAD_WINDOW    | last: -24h (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=PT59.9S               | BAD_WINDOW    | last: PT59.9S (expected: 1m, the metric's finest bucket, to 400 days)",
        "/top-k?last=99999999999999999999d | BAD_WINDOW    | last: 99999999999999999999d (expected: 1 ms to 400 days, as 1500ms, 90s, 60m, 24h, 7d or PT24H)",
        "/top-k?last=24h&at=2026-01-15T10:35:00.001Z | BAD_WINDOW | window.time: 2026-01-15T10:35:00.001Z (expected: at most 5 minutes in the future)",
        "/top-k?window=hour&at=2026-01-15T11:00:00Z  | BAD_WINDOW | window.time: 2026-01-15T11:00:00Z (expected: at most 5 minutes in the future)",
        "/v1/namespaces/default/metrics/clicks/counts/a?last=24h&window=all | BAD_WINDOW | last: 24h (expected: either last or window, not both)",
        "/v1/namespaces/default/metrics/clicks/series/a | BAD_WINDOW | step: none (expected: bucket, minute, hour, day or month)",
        "/v1/namespaces/default/metrics/clicks/series/a?step=all&last=24h | BAD_WINDOW | step: all (expected: bucket, minute, hour, day or month)",
        "/v1/namespaces/default/metrics/clicks/series/a?step=hour | BAD_WINDOW | start: none (expected: either start or last)",
        "/v1/namespaces/default/metrics/clicks/series/a?step=hour&last=1h&start=2026-01-15T10:00:00Z | BAD_WINDOW | start: 2026-01-15T10:00:00Z (expected: either start or last)",
        "/v1/namespaces/default/metrics/clicks/series/a?step=hour&start=noon | BAD_WINDOW | start: noon (expected: a time such as 2012-07-04T07:00:00Z)",
        "/v1/namespaces/default/metrics/clicks/series/a?step=hour&last=24h&end=current | BAD_WINDOW | end: current (expected: a time such as 2012-07-04T07:00:00Z)",
        "/top-k?window=hour&at=yesterday   | BAD_WINDOW    | at: yesterday (expected: current, sealed or a time such as 2012-07-04T07:00:00Z)",
        "/top-k?window=hour&at=2026-01-15  | BAD_WINDOW    | at: 2026-01-15 (expected: current, sealed or a time such as 2012-07-04T07:00:00Z)",
        "/top-k?window=hour&at=0000-01-01T00:00:00Z  | BAD_WINDOW | window.time: -62167219200000 ms (expected: in the years 1 to 9999)",
        "/top-k?window=hour&require_complete=yes | BAD_PARAMETER | require_complete: yes (expected: true or false)",
        "/top-k?window=hour&namespace=%FF  | BAD_PARAMETER | namespace: no value (expected: one, as percent-encoded UTF-8)",
        "/v1/namespaces/default/metrics/clicks/top-k?window=hour&metric=x | BAD_PARAMETER | metric: unknown parameter (expected: window, last, at, k, include, where, score, require_complete)",
        "/v1/namespaces/default/metrics/clicks/counts/a?k=1 | BAD_PARAMETER | k: unknown parameter (expected: window, last, at, require_complete)",
        "/v1/cluster?verbose=1             | BAD_PARAMETER | verbose: unknown parameter (expected: )",
      })
  void aBadParameterIsNamed(String target, String reason, String message) throws Exception {
    assertError(running.get(target), 400, "INVALID_ARGUMENT", reason, message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"24h", "1440m", "86400s", "1d", "PT24H", "P1D"})
  void aSpanIsAnsweredFromWholeBucketsAndSaysWhich(String last) throws Exception {
    assertThat(running.get("/top-k?k=2&last=" + last).body())
        .isEqualTo(
            """
            {"window":"span","bucket":"minute","start":"2026-01-14T10:30:00Z",\
            "end":"2026-01-15T10:30:00Z","as_of":"2026-01-15T10:30:00Z","final":false,\
            "revision":0,"exact":true,"ranges_total":4,"ranges_included":4,\
            "namespace":"default","metric":"clicks","items":[{"id":"m","count":7,"rank":1}]}""");
  }

  @ParameterizedTest
  @CsvSource({
    // at, start, end, final
    "current, 2026-01-15T09:30:00Z, 2026-01-15T10:30:00Z, false",
    "sealed, 2026-01-15T09:29:00Z, 2026-01-15T10:29:00Z, true",
    "2012-07-04T07:00:00.001Z, 2012-07-04T06:01:00Z, 2012-07-04T07:01:00Z, true",
    "2026-01-15T10:35:00Z, 2026-01-15T09:35:00Z, 2026-01-15T10:35:00Z, false",
  })
  void aSpanEndsWhereAtSays(String at, String start, String end, boolean isFinal) throws Exception {
    JsonNode answer = JSON.readTree(running.get("/top-k?last=1h&at=" + at).body());

    assertThat(answer.path("start").textValue()).isEqualTo(start);
    assertThat(answer.path("end").textValue()).isEqualTo(end);
    assertThat(answer.path("final").booleanValue()).isEqualTo(isFinal);
  }

  @Test
  void countsTakeSpansToo() throws Exception {
    JsonNode answer =
        JSON.readTree(
            running.get("/v1/namespaces/default/metrics/clicks/counts/a?last=24h").body());

    assertThat(answer.path("window").textValue()).isEqualTo("span");
    assertThat(answer.path("bucket").textValue()).isEqualTo("minute");
  }

  @Test
  void aSeriesHasAPointForEveryBucket() throws Exception {
    assertThat(
            running.get("/v1/namespaces/default/metrics/clicks/series/c?step=hour&last=3h").body())
        .isEqualTo(
            """
            {"namespace":"default","metric":"clicks","id":"c","window":"hour",\
            "start":"2026-01-15T08:00:00Z","end":"2026-01-15T10:30:00Z","as_of":null,\
            "final":false,"revision":0,"exact":true,"ranges_total":1,"ranges_included":1,\
            "points":[{"start":"2026-01-15T08:00:00Z","count":0},\
            {"start":"2026-01-15T09:00:00Z","count":9},\
            {"start":"2026-01-15T10:00:00Z","count":0}]}""");
    assertThat(
            JSON.readTree(
                    running
                        .get(
                            "/v1/namespaces/default/metrics/clicks/series/c?step=day"
                                + "&start=2026-01-01T00:00:00Z&end=2026-01-08T00:00:00Z")
                        .body())
                .path("points"))
        .hasSize(7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/top-k?window=hour&namespace=Upper", "/top-k?window=hour&metric=a.b"})
  void aNameThatCannotBeIsRefused(String target) throws Exception {
    JsonNode error = JSON.readTree(running.get(target).body());
    assertThat(error.path("reason").textValue()).isEqualTo("BAD_NAME");
  }

  @Test
  void whatDoesNotExistIsNotFound() throws Exception {
    assertError(
        running.get("/top-k?window=hour&namespace=nobody"),
        404,
        "NOT_FOUND",
        "NAMESPACE_NOT_FOUND",
        "namespace: nobody (expected: one that exists)");
    assertError(
        running.get("/v1/namespaces/default/metrics/smiles/top-k?window=all"),
        404,
        "NOT_FOUND",
        "METRIC_NOT_FOUND",
        "metric: smiles (expected: a metric of the namespace default)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/nothing", "/v1", "/top-k/", "/v1/namespaces/default/metrics/clicks/counts/a/b"})
  void anUnknownPathIsNotFound(String path) throws Exception {
    assertError(
        running.get(path), 404, "NOT_FOUND", "PATH_NOT_FOUND", "GET " + path + ": no such path");
  }

  @Test
  void anotherMethodIsRefused() throws Exception {
    HttpResponse<String> response =
        running.send(HttpRequest.newBuilder(running.uri("/top-k")).DELETE());
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(JSON.readTree(response.body()).path("code").textValue()).isEqualTo("UNIMPLEMENTED");
  }

  @Test
  void theCountOfAKeyIsReadThroughItsPercentEncodedName() throws Exception {
    String body =
        running
            .get("/v1/namespaces/default/metrics/clicks/counts/ever%2Fund;%C3%A4?window=all")
            .body();
    assertThat(body)
        .isEqualTo(
            """
            {"namespace":"default","metric":"clicks","id":"ever/und;ä",\
            "count":9007199254740993,"window":"all","start":null,"end":null,"as_of":null,\
            "final":false,"revision":0,"exact":true,"ranges_total":1,"ranges_included":1}""");
    assertThat(
            JSON.readTree(
                    running.get("/v1/namespaces/default/metrics/clicks/counts/unknown").body())
                .path("count")
                .longValue())
        .isZero();
  }

  @Test
  void aKeyThatCannotBeIsRefused() throws Exception {
    HttpResponse<String> response = running.get("/v1/namespaces/default/metrics/clicks/counts/%FF");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(JSON.readTree(response.body()).path("reason").textValue()).isEqualTo("BAD_KEY");
  }

  @Test
  void oneEventOrManyAreRecorded() throws Exception {
    HttpResponse<String> one =
        running.post(
            "/v1/namespaces/default/events",
            """
            {"key":"é","metric":"clicks","delta":-2,"time":"2012-07-04T07:00:00.5Z",
             "request_id":"00000000-0000-0001-0000-000000000002"}""");
    assertThat(one.body()).isEqualTo("{\"applied\":1,\"duplicate\":0}");
    HttpResponse<String> many =
        running.post(
            "/v1/namespaces/default/events",
            """
            [{"key":"p","metric":"clicks","time":1341385200000},{"key":"q","metric":"clicks"}]""",
            "tallyring-request-id",
            "00000000-0000-0001-0000-000000000003");
    assertThat(many.body()).isEqualTo("{\"applied\":2,\"duplicate\":0}");

    RecordRequest first = running.shards.recorded().get(0);
    assertThat(first.getIncrements(0).getKey().toStringUtf8()).isEqualTo("é");
    assertThat(first.getIncrements(0).getDelta()).isEqualTo(-2);
    assertThat(first.getIncrements(0).getEventTimeMillis()).isEqualTo(1_341_385_200_500L);
    assertThat(first.getRequestId().toByteArray())
        .containsExactly(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2);
    RecordRequest second = running.shards.recorded().get(1);
    assertThat(second.getIncrements(0).hasDelta()).isFalse();
    assertThat(second.getIncrements(0).getEventTimeMillis()).isEqualTo(1_341_385_200_000L);
    assertThat(second.getIncrements(1).hasEventTimeMillis()).isFalse();
    assertThat(second.getRequestId().size()).isEqualTo(16);
  }

  @Test
  void anEventIdIsAUuidOrHexadecimalDigitsOrAShortText() throws Exception {
    int before = running.shards.recorded().size();
    HttpResponse<String> response =
        running.post(
            "/v1/namespaces/default/events",
            """
            [{"key":"p","metric":"clicks","event_id":"order-17"},
             {"key":"p","metric":"clicks","event_id":"0x00ff"},
             {"key":"p","metric":"clicks","event_id":"00000000-0000-0001-0000-000000000002"},
             {"key":"p","metric":"clicks"}]""");
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);

    RecordRequest request = running.shards.recorded().get(before);
    assertThat(request.getIncrements(0).getEventId().toStringUtf8()).isEqualTo("order-17");
    assertThat(request.getIncrements(1).getEventId().toByteArray()).containsExactly(0, 0xff);
    assertThat(request.getIncrements(2).getEventId().toByteArray())
        .containsExactly(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2);
    assertThat(request.getIncrements(3).getEventId().isEmpty()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                          | BAD_PARAMETER | body: not JSON",
        "7                                          | BAD_PARAMETER | body: neither object nor array",
        "[]                                         | BAD_SIZE      | events: 0 (expected: 1..10000)",
        "[7]                                        | BAD_PARAMETER | body[0]: not an object",
        "{}                                         | BAD_KEY       | key: none",
        "{\"key\":7,\"metric\":\"clicks\"}                  | BAD_KEY       | key: 7",
        "{\"key\":\"\",\"metric\":\"clicks\"}                 | BAD_KEY       | key: ",
        "{\"key\":\"a\\u0000\",\"metric\":\"clicks\"}           | BAD_KEY       | key: ",
        "{\"key\":\"\\ud800\",\"metric\":\"clicks\"}            | BAD_KEY       | key: ",
        "{\"key\":\"a\"}                                | BAD_NAME      | metric: none",
        "{\"key\":\"a\",\"metric\":\"No\"}                  | BAD_NAME      | metric: No",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"delta\":0}      | BAD_DELTA     | delta: 0",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"delta\":1.5}    | BAD_DELTA     | delta: 1.5",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"delta\":9223372036854775808} | BAD_DELTA | delta: 9223372036854775808",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"time\":\"noon\"}  | BAD_EVENT_TIME | time: \"noon\"",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"usr\":\"u\"}      | BAD_PARAMETER | usr: unknown field",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"user\":7}       | BAD_USER | user: 7 (expected: a text with a UTF-8",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"user\":\"\"}      | BAD_USER | user: 0 bytes (expected: 1-512",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"event_id\":7}  | BAD_EVENT_ID | event_id: 7 (expected: a UUID, 0x and",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"event_id\":\"\"}  | BAD_EVENT_ID | event_id: \"\" (expected: a UUID, 0x and",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"event_id\":\"0x1\"}  | BAD_EVENT_ID | event_id: \"0x1\" (expected: a UUID, 0x and",
        "[{\"key\":\"a\",\"metric\":\"clicks\",\"event_id\":\"12345678901234567\"}]  | BAD_EVENT_ID | [0].event_id: \"12345678901234567\" (expected: a UUID",
        "{\"key\":\"a\",\"key\":\"b\",\"metric\":\"clicks\"}      | BAD_PARAMETER | body: not JSON",
        "{\"key\":\"a\",\"metric\":\"clicks\",\"request_id\":\"x\"} | BAD_SESSION | request_id: x (expected: a UUID)",
        "[{\"key\":\"a\",\"metric\":\"clicks\"},{\"key\":\"b\",\"metric\":\"clicks\",\"delta\":\"1\"}] | BAD_DELTA | [1].delta: \"1\"",
        "[{\"key\":\"a\",\"metric\":\"clicks\",\"request_id\":\"x\"}] | BAD_PARAMETER | [0].request_id: unknown field",
      })
  void aBadEventIsRefusedAndNothingIsRecorded(String body, String reason, String message)
      throws Exception {
    int before = running.shards.recorded().size();

    HttpResponse<String> response = running.post("/v1/namespaces/default/events", body);

    assertThat(response.statusCode()).isEqualTo(400);
    JsonNode error = JSON.readTree(response.body());
    assertThat(error.path("reason").textValue()).isEqualTo(reason);
    assertThat(error.path("message").textValue()).startsWith(message);
    assertThat(running.shards.recorded()).hasSize(before);
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() throws Exception {
    HttpResponse<String> response =
        running.send(
            HttpRequest.newBuilder(running.uri("/v1/namespaces/default/events"))
                // Over HTTP/2 this client waits until it has sent all, which nobody reads any more.
                .version(HttpClient.Version.HTTP_1_1)
                .POST(HttpRequest.BodyPublishers.ofString(" ".repeat(9 << 20))));
    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(JSON.readTree(response.body()).path("reason").textValue())
        .isEqualTo("MESSAGE_TOO_LARGE");
  }

  @Test
  void theClusterIsShownAsItIs() throws Exception {
    JsonNode cluster = JSON.readTree(running.get("/v1/cluster").body());

    assertThat(cluster.path("cluster").textValue()).isEqualTo("test");
    assertThat(cluster.path("range_count").intValue()).isEqualTo(4);
    assertThat(cluster.path("shards")).hasSize(2);
    assertThat(cluster.path("shards").path(0).path("id").textValue()).isEqualTo("shard-1");
    assertThat(cluster.path("ranges")).hasSize(4);
    assertThat(cluster.path("ranges").path(1).path("epoch").isNumber()).isTrue();
  }

  @Test
  void healthMetricsAndDocumentationAreServed() throws Exception {
    assertThat(running.get("/healthz").body())
        .isEqualTo(
            """
            {"status":"serving","shards":2,"ranges_total":4,"ranges_included":4}""");
    assertThat(running.get("/top-k?window=hour").statusCode()).isEqualTo(200);
    String metrics = running.get("/metrics").body();
    assertThat(metrics)
        .contains("tallyring_collection_duration_seconds_count{outcome=\"ok\"}")
        .contains("tallyring_collection_ranges_included 4.0")
        .contains("tallyring_collection_staleness_seconds")
        .contains("tallyring_answer_cache_requests_total{outcome=\"hit\"}")
        .contains("tallyring_topk_request_duration_seconds_count{kind=\"final\",outcome=\"ok\"}");
    assertThat(metrics.lines().filter(line -> !line.startsWith("#")))
        .allMatch(line -> line.startsWith("tallyring_"));
    assertThat(running.get("/docs/").statusCode()).isEqualTo(200);
    assertThat(running.get("/docs/specification.json").body())
        .contains("The K keys with the highest counts of a metric in one window.");
  }

  private static void assertError(
      HttpResponse<String> response, int status, String code, String reason, String message)
      throws IOException {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode error = JSON.readTree(response.body());
    assertThat(error.path("code").textValue()).isEqualTo(code);
    assertThat(error.path("reason").textValue()).isEqualTo(reason);
    assertThat(error.path("message").textValue()).isEqualTo(message);
    assertThat(error).hasSize(3);
  }
}
