package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.ClusterApi;
import org.tallyring.systemtests.driver.ClusterApi.RestAnswer;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/**
 * Spans and series of real data are what one counts in the file itself. One namespace keeps every
 * minute of it, another so few that spans must do with hours and days. The third counts in buckets
 * of 10 s.
 */
final class SpansIT {

  private static final Duration REPLAY_LIMIT = Duration.ofSeconds(120);
  private static final String METRIC = "rt";
  private static final String ARCHIVE = "archive";
  private static final String BRIEF = "brief";
  private static final String FINE = "fine";
  private static final long MINUTE = 60_000;
  private static final long HOUR = 60 * MINUTE;
  private static final long DAY = 24 * HOUR;

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  /** The lines of the file that count for the metric, in its order, which is that of time. */
  private static final List<Event> EVENTS = new ArrayList<>();

  private record Event(long timeMillis, String key) {}

  @BeforeAll
  static void replay() throws IOException {
    DataSet.assumePresent();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(DataSet.HIGGS.open(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(" ");
        if (fields[3].equals("RT")) {
          EVENTS.add(new Event(Long.parseLong(fields[2]) * 1000, fields[1]));
        }
      }
    }
    cluster = Standalone.start(processes);
    create(ARCHIVE, "minute=30d");
    replayInto(ARCHIVE);
    create(BRIEF, "minute=26h,hour=48h");
    replayInto(BRIEF);
    create(FINE, "minute=30d");
    succeed(
        "metric",
        "swap",
        METRIC,
        "--namespace",
        FINE,
        "--strategy",
        "fixed_window",
        "--bucket",
        "10s");
    replayInto(FINE);
  }

  private static void create(String namespace, String retention) {
    succeed("namespace", "create", namespace, "--metrics", "rt,mt,re", "--retention", retention);
  }

  private static void succeed(String verb, String... arguments) {
    Tally.Outcome outcome = cluster.tally().run(verb, arguments);
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
  }

  private static void replayInto(String namespace) {
    Tally.Outcome replay = cluster.tally().replay(DataSet.HIGGS, namespace, REPLAY_LIMIT);
    assertThat(replay.exitCode()).as(replay.stderr()).isZero();
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    // length, hours of it, end, the whole minute at which it ends
    "1h,  1, 2012-07-04T08:00:00Z, 2012-07-04T08:00:00Z",
    "1h,  1, 2012-07-04T09:13:27.250Z, 2012-07-04T09:14:00Z",
    "6h,  6, 2012-07-04T09:13:27.250Z, 2012-07-04T09:14:00Z",
    "6h,  6, 2012-07-02T00:00:01Z, 2012-07-02T00:01:00Z",
    "3d, 72, 2012-07-04T09:13:27.250Z, 2012-07-04T09:14:00Z",
    "3d, 72, 2012-07-07T12:00:00Z, 2012-07-07T12:00:00Z",
  })
  void aSpanIsWhatTheFileHoldsBetweenItsWholeMinutes(
      String last, int hours, String at, Instant end) {
    long start = end.toEpochMilli() - hours * HOUR;
    Map<String, Long> truth = counts(start, end.toEpochMilli());

    JsonNode ranking = top(ARCHIVE, last, at);

    assertThat(ranking.path("window").textValue()).isEqualTo("span");
    assertThat(ranking.path("bucket").textValue()).isEqualTo("minute");
    assertThat(ranking.path("start").textValue()).isEqualTo(Instant.ofEpochMilli(start).toString());
    assertThat(ranking.path("end").textValue()).isEqualTo(end.toString());
    assertThat(ranking.path("final").booleanValue()).isTrue();
    assertThat(rows(ranking)).isNotEmpty().isEqualTo(best10(truth));
    // The best, one that is not there, and whichever come first by name.
    List<String> keys = new ArrayList<>(List.of(best10(truth).get(0).split("\t")[0], "nobody"));
    truth.keySet().stream().sorted().limit(100).forEach(keys::add);
    assertThat(countsOf(cluster.api(), ARCHIVE, last, at, keys)).isEqualTo(rows(keys, truth));
  }

  @ParameterizedTest
  @CsvSource({
    // length, the end asked for, the interval in buckets of 10 s
    "30s, 2012-07-04T09:13:27.250Z, 2012-07-04T09:13:00Z, 2012-07-04T09:13:30Z",
    "95s, 2012-07-04T09:13:20Z, 2012-07-04T09:11:40Z, 2012-07-04T09:13:20Z",
    "6h, 2012-07-04T09:13:27.250Z, 2012-07-04T03:13:30Z, 2012-07-04T09:13:30Z",
  })
  void aSpanOfAMetricWithBucketsOfTenSecondsIsWhatTheFileHoldsBetweenThem(
      String last, String at, Instant start, Instant end) {
    Map<String, Long> truth = counts(start.toEpochMilli(), end.toEpochMilli());

    JsonNode ranking = top(FINE, last, at);

    assertThat(ranking.path("bucket").textValue()).isEqualTo("10s");
    assertThat(ranking.path("start").textValue()).isEqualTo(start.toString());
    assertThat(ranking.path("end").textValue()).isEqualTo(end.toString());
    assertThat(rows(ranking)).isNotEmpty().isEqualTo(best10(truth));
    List<String> keys = truth.keySet().stream().sorted().limit(100).toList();
    assertThat(countsOf(cluster.api(), FINE, last, at, keys)).isEqualTo(rows(keys, truth));
  }

  @Test
  void aSpanShorterThanTheMetricsBucketIsRefused() {
    RestAnswer refused = cluster.api().get("/top-k?namespace=archive&metric=rt&last=30s");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.body().path("reason").textValue()).isEqualTo("BAD_WINDOW");
    Tally.Outcome top =
        cluster.tally().run("top", "--namespace", FINE, "--metric", METRIC, "--last", "9s");
    assertThat(top.exitCode()).isEqualTo(2);
    assertThat(top.stderr()).contains("(expected: 10s, the metric's finest bucket, to 400 days)");
  }

  @Test
  void theCommandLineShowsTheSame() {
    Instant end = Instant.parse("2012-07-04T09:14:00Z");
    Map<String, Long> truth = counts(end.toEpochMilli() - 6 * HOUR, end.toEpochMilli());
    List<String> best = best10(truth);
    String[] options = {
      "--namespace", ARCHIVE, "--metric", METRIC, "--last", "6h", "--output", "tsv"
    };

    assertThat(run("top", options, "--at", "2012-07-04T09:13:27.250Z"))
        .isEqualTo(IntStream.range(0, 10).mapToObj(i -> i + 1 + "\t" + best.get(i)).toList());
    assertThat(run("count", options, "--at", "2012-07-04T09:14", best.get(3).split("\t")[0]))
        .containsExactly(best.get(3));
  }

  private static List<String> run(String verb, String[] options, String... more) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    Tally.Outcome outcome = cluster.tally().run(verb, all.toArray(String[]::new));
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
    return outcome.lines();
  }

  @Test
  void aSeriesByHourIsWhatTheFileHoldsInEachHour() {
    String key = best10(counts(0, Long.MAX_VALUE)).get(0).split("\t")[0];
    long start = Instant.parse("2012-07-01T00:00:00Z").toEpochMilli();
    List<String> expected = new ArrayList<>();
    for (long hour = start; hour < start + 7 * DAY; hour += HOUR) {
      expected.add(
          Instant.ofEpochMilli(hour) + "\t" + counts(hour, hour + HOUR).getOrDefault(key, 0L));
    }

    Tally.Outcome series =
        cluster
            .tally()
            .run(
                "series",
                key,
                "--namespace",
                ARCHIVE,
                "--metric",
                METRIC,
                "--step",
                "hour",
                "--start",
                "2012-07-01",
                "--end",
                "2012-07-08",
                "--output",
                "tsv");

    assertThat(series.lines()).as(series.stderr()).isEqualTo(expected);
    // Any shard answers for any key.
    List<String> keys = counts(start, start + DAY).keySet().stream().sorted().limit(100).toList();
    for (int shard = 1; shard <= 3; shard++) {
      try (ClusterApi api = new ClusterApi(cluster.shardAddress(shard))) {
        assertThat(countsOf(api, ARCHIVE, "24h", "2012-07-02T00:00:00Z", keys))
            .isEqualTo(rows(keys, counts(start, start + DAY)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"20h, minute, 60000", "30h, hour, 3600000", "3d, day, 86400000"})
  void whereMinutesAreNotKeptASpanRestsOnTheNextCoarserBuckets(
      String last, String bucket, long bucketMillis) {
    Instant lastEvent = Instant.ofEpochMilli(EVENTS.get(EVENTS.size() - 1).timeMillis());
    long end = (lastEvent.toEpochMilli() + bucketMillis - 1) / bucketMillis * bucketMillis;
    long start = (end - length(last).toMillis()) / bucketMillis * bucketMillis;

    JsonNode ranking = top(BRIEF, last, lastEvent.toString());

    assertThat(ranking.path("bucket").textValue()).isEqualTo(bucket);
    assertThat(ranking.path("start").textValue()).isEqualTo(Instant.ofEpochMilli(start).toString());
    assertThat(ranking.path("end").textValue()).isEqualTo(Instant.ofEpochMilli(end).toString());
    assertThat(ranking.path("ranges_included")).isEqualTo(ranking.path("ranges_total"));
    assertThat(rows(ranking)).isEqualTo(best10(counts(start, end)));
    // Counts of keys of many ranges, each with a watermark of its own, rest on one interval too.
    List<String> keys = best10(counts(start, end)).stream().map(row -> row.split("\t")[0]).toList();
    assertThat(countsOf(cluster.api(), BRIEF, last, lastEvent.toString(), keys))
        .isEqualTo(best10(counts(start, end)));
  }

  @Test
  void whatIsNotKeptAnyMoreIsToldAndASeriesBeginsLater() {
    RestAnswer gone =
        cluster.api().get("/top-k?namespace=brief&metric=rt&window=hour&at=2012-07-02T10:00:00Z");
    assertThat(gone.status()).isEqualTo(404);
    assertThat(gone.body().path("reason").textValue()).isEqualTo("WINDOW_NOT_RETAINED");
    assertThat(gone.body().path("message").textValue())
        .startsWith("window: hour of 2012-07-02T10:00:00Z (expected: from 2012-07-");
    Tally.Outcome count =
        cluster
            .tally()
            .run("count", "88", "--namespace", BRIEF, "--window", "hour", "--at", "2012-07-02T10");
    assertThat(count.exitCode()).isEqualTo(1);
    assertThat(count.stderr()).contains("hours are not kept any more");

    String key = best10(counts(0, Long.MAX_VALUE)).get(0).split("\t")[0];
    JsonNode series =
        cluster
            .api()
            .get(
                "/v1/namespaces/brief/metrics/rt/series/"
                    + key
                    + "?step=hour&start=2012-07-01T00:00:00Z&end=2012-07-08T00:00:00Z")
            .body();

    Instant start = Instant.parse(series.path("start").textValue());
    assertThat(start).isAfter(Instant.parse("2012-07-05T00:00:00Z"));
    assertThat(series.path("points").path(0).path("start")).isEqualTo(series.path("start"));
    long hour = start.toEpochMilli();
    for (JsonNode point : series.path("points")) {
      assertThat(point.path("start").textValue()).isEqualTo(Instant.ofEpochMilli(hour).toString());
      assertThat(point.path("count").longValue())
          .isEqualTo(counts(hour, hour + HOUR).getOrDefault(key, 0L));
      hour += HOUR;
    }
    assertThat(Instant.ofEpochMilli(hour)).isEqualTo(Instant.parse("2012-07-08T00:00:00Z"));
  }

  private static List<String> countsOf(
      ClusterApi api, String namespace, String last, String at, List<String> keys) {
    GetCountsRequest.Builder request =
        GetCountsRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(METRIC)
            .setWindow(
                WindowSelector.newBuilder()
                    .setLast(ProtoTimes.duration(length(last)))
                    .setTime(ProtoTimes.timestamp(Instant.parse(at).toEpochMilli())))
            .setRequireComplete(true);
    keys.forEach(key -> request.addKeys(ByteString.copyFromUtf8(key)));
    return api.counters().getCounts(request.build()).getCountsList().stream()
        .map(count -> count.getKey().toStringUtf8() + "\t" + count.getCount())
        .toList();
  }

  private static Duration length(String last) {
    return Duration.parse((last.endsWith("d") ? "P" : "PT") + last);
  }

  private static List<String> rows(List<String> keys, Map<String, Long> counts) {
    return keys.stream().map(key -> key + "\t" + counts.getOrDefault(key, 0L)).toList();
  }

  private static JsonNode top(String namespace, String last, String at) {
    RestAnswer answer =
        cluster
            .api()
            .get(
                "/v1/namespaces/"
                    + namespace
                    + "/metrics/"
                    + METRIC
                    + "/top-k?k=10&require_complete=true&last="
                    + last
                    + "&at="
                    + at);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
    return answer.body();
  }

  private static List<String> rows(JsonNode ranking) {
    List<String> rows = new ArrayList<>();
    for (JsonNode item : ranking.path("items")) {
      assertThat(item.path("rank").intValue()).isEqualTo(rows.size() + 1);
      rows.add(item.path("id").textValue() + "\t" + item.path("count").longValue());
    }
    return rows;
  }

  private static Map<String, Long> counts(long startMillis, long endMillis) {
    Map<String, Long> counts = new HashMap<>();
    for (Event event : EVENTS) {
      if (event.timeMillis() >= startMillis && event.timeMillis() < endMillis) {
        counts.merge(event.key(), 1L, Long::sum);
      }
    }
    return counts;
  }

  private static List<String> best10(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(10)
        .map(entry -> entry.getKey() + "\t" + entry.getValue())
        .toList();
  }
}
