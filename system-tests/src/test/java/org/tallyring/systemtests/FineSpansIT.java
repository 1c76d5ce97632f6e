package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.ThresholdExceeded;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.ClusterApi.RestAnswer;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/** Spans shorter than a minute, and rules about them, as users meet them. */
final class FineSpansIT {

  private static final Instant NINE = Instant.parse("2012-07-04T09:00:00Z");

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @BeforeAll
  static void start() {
    cluster = Standalone.start(processes);
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static Tally.Outcome tally(String verb, String... arguments) {
    Tally.Outcome outcome = cluster.tally().run(verb, arguments);
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
    return outcome;
  }

  /** Counts one of a key at each of the milliseconds after nine. */
  private static void record(String namespace, String metric, String key, long... millis) {
    RecordRequest.Builder request = RecordRequest.newBuilder().setNamespace(namespace);
    for (long each : millis) {
      request.addIncrements(
          Increment.newBuilder()
              .setKey(ByteString.copyFromUtf8(key))
              .setMetric(metric)
              .setDelta(1)
              .setEventTimeMillis(NINE.toEpochMilli() + each));
    }
    assertThat(cluster.api().counters().record(request.build()).getApplied())
        .isEqualTo(millis.length);
  }

  private static JsonNode top(String metric, String last, Instant at) {
    RestAnswer answer =
        cluster.api().get("/top-k?metric=" + metric + "&last=" + last + "&at=" + at);
    assertThat(answer.status()).as(answer.body().toString()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void aSpanOfASlidingWindowIsExactToTheMillisecondEverywhere() {
    tally("metric", "create", "hits", "--strategy", "sliding_window", "--horizon", "30m");
    record("default", "hits", "a", 500, 501, 1_999, 2_000);
    Instant end = NINE.plusMillis(2_000);

    JsonNode ranking = top("hits", "1499ms", end);
    assertThat(ranking.path("bucket").textValue()).isEqualTo("1ms");
    assertThat(ranking.path("start").textValue()).isEqualTo("2012-07-04T09:00:00.501Z");
    assertThat(ranking.path("end").textValue()).isEqualTo("2012-07-04T09:00:02Z");
    assertThat(ranking.path("items").path(0).path("count").longValue()).isEqualTo(2);
    assertThat(top("hits", "1500ms", end).path("items").path(0).path("count").longValue())
        .isEqualTo(3);

    assertThat(
            tally(
                    "count",
                    "a",
                    "--metric",
                    "hits",
                    "--last",
                    "1500ms",
                    "--at",
                    "2012-07-04T09:00:02.001Z",
                    "--output",
                    "tsv")
                .lines())
        .containsExactly("a\t3");

    GetCountsResponse counts =
        cluster
            .api()
            .counters()
            .getCounts(
                GetCountsRequest.newBuilder()
                    .setMetric("hits")
                    .addKeys(ByteString.copyFromUtf8("a"))
                    .setWindow(
                        WindowSelector.newBuilder()
                            .setLast(ProtoTimes.duration(Duration.ofMillis(1)))
                            .setTime(ProtoTimes.timestamp(end.toEpochMilli())))
                    .build());
    assertThat(counts.getCounts(0).getCount()).isEqualTo(1);
    assertThat(counts.getLabel().getBucket()).isEqualTo(Window.WINDOW_BUCKET);
    assertThat(ProtoTimes.millis(counts.getLabel().getStartTime()))
        .isEqualTo(end.toEpochMilli() - 1);
  }

  @Test
  void bucketsOfTenSecondsAreFoldedIntoMinutesAndBeginAfreshTheOtherWay() {
    tally("metric", "create", "pings", "--strategy", "fixed_window", "--bucket", "10s");
    assertThat(tally("metric", "list", "--output", "tsv").stdout())
        .contains("pings\tfixed_window 10s\t");
    record("default", "pings", "a", 9_000, 10_000, 39_999, 40_000);
    Instant end = NINE.plusMillis(40_000);

    JsonNode fine = top("pings", "30s", end);
    assertThat(fine.path("bucket").textValue()).isEqualTo("10s");
    assertThat(fine.path("items").path(0).path("count").longValue()).isEqualTo(2);
    assertThat(
            tally(
                    "series",
                    "a",
                    "--metric",
                    "pings",
                    "--step",
                    "bucket",
                    "--start",
                    "2012-07-04T09:00:00",
                    "--end",
                    "2012-07-04T09:00:50",
                    "--output",
                    "tsv")
                .lines()
                .stream()
                .map(line -> line.split("\t")[1]))
        .containsExactly("1", "1", "0", "1", "1");

    tally("metric", "swap", "pings", "--strategy", "fixed_window", "--bucket", "1m");
    record("default", "pings", "a", 41_000);
    // The range takes a definition with the first batch that its shard admits under it, or without
    // one, soon; until then it answers from coarser buckets.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> top("pings", "1m", end).path("bucket").textValue().equals("minute"));
    assertThat(top("pings", "1m", end).path("items").path(0).path("count").longValue())
        .isEqualTo(5);

    tally("metric", "swap", "pings", "--strategy", "fixed_window", "--bucket", "10s");
    AtomicLong millis = new AtomicLong(50_000);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              record("default", "pings", "a", millis.addAndGet(10_000));
              return lastTenSeconds(millis.get()).path("bucket").textValue().equals("10s");
            });
    assertThat(lastTenSeconds(millis.get()).path("items").path(0).path("count").longValue())
        .isEqualTo(1);
    JsonNode before = top("pings", "30s", end);
    assertThat(before.path("bucket").textValue()).isEqualTo("hour");
    assertThat(before.path("items").path(0).path("count").longValue())
        .isEqualTo(5 + (millis.get() - 50_000) / 10_000);
  }

  private static JsonNode lastTenSeconds(long millis) {
    return top("pings", "10s", NINE.plusMillis(millis + 10_000));
  }

  @Test
  void aRuleAboutASpanIsToldOncePerCrossing() {
    tally("namespace", "create", "burst");
    tally(
        "metric",
        "create",
        "hits",
        "--namespace",
        "burst",
        "--strategy",
        "sliding_window",
        "--horizon",
        "30m");
    record("burst", "hits", "a", 0);
    Watch watch =
        new Watch(
            cluster
                .api()
                .admin()
                .watchEvents(
                    WatchEventsRequest.newBuilder()
                        .setNamespace("burst")
                        .addAllKinds(
                            Arrays.asList(
                                EventKind.EVENT_KIND_METRICS_UPDATED,
                                EventKind.EVENT_KIND_THRESHOLD_EXCEEDED))
                        .build()));
    tally(
        "threshold",
        "set",
        "peak",
        "--namespace",
        "burst",
        "--metric",
        "hits",
        "--last",
        "1500ms",
        "--limit",
        "3",
        "--rearm-below",
        "2");
    assertThat(tally("threshold", "list", "--namespace", "burst").stdout()).contains("last 1500ms");
    assertThat(watch.next().getKind()).isEqualTo(EventKind.EVENT_KIND_METRICS_UPDATED);

    // Three in the last 1.5 s at 2.500; at 2.501 two before the third; none at 5.000; three at
    // 6.000.
    record("burst", "hits", "a", 1_001, 2_000, 2_500, 2_501, 5_000, 5_500, 6_000);

    ThresholdExceeded first = watch.next().getThresholdExceeded();
    assertThat(first.getStartMillis() - NINE.toEpochMilli()).isEqualTo(1_001);
    assertThat(first.getEndMillis() - NINE.toEpochMilli()).isEqualTo(2_501);
    assertThat(first.getCount()).isEqualTo(3);
    ThresholdExceeded second = watch.next().getThresholdExceeded();
    assertThat(second.getEventTimeMillis() - NINE.toEpochMilli()).isEqualTo(6_000);
  }

  /** Events one by one; the watch has begun once it is made. */
  private static final class Watch {

    private final Iterator<WatchEventsResponse> responses;
    private final Deque<Event> events = new ArrayDeque<>();

    Watch(Iterator<WatchEventsResponse> responses) {
      this.responses = responses;
      responses.next();
    }

    Event next() {
      while (events.isEmpty()) {
        events.addAll(responses.next().getEventsList());
      }
      return events.remove();
    }
  }
}
