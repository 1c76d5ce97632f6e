package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventGap;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.MetricsUpdated;
import org.tallyring.proto.v1.ThresholdExceeded;
import org.tallyring.proto.v1.WatchEventsRequest;
import org.tallyring.proto.v1.WatchEventsResponse;
import org.tallyring.proto.v1.Window;

/** The verbs events and threshold, against a cluster that tells what the test says. */
final class EventsTest {

  private static final Event EXCEEDED =
      Event.newBuilder()
          .setKind(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED)
          .setRangeId(3)
          .setNumber(17)
          .setJournalTimeMillis(1_341_386_100_000L)
          .setNamespace("shop")
          .setMetric("clicks")
          .setKey(ByteString.copyFromUtf8("ä b"))
          .setThresholdExceeded(
              ThresholdExceeded.newBuilder()
                  .setRule("busy")
                  .setWindow(Window.WINDOW_DAY)
                  .setStartMillis(1_341_360_000_000L)
                  .setLimit(10)
                  .setCount(12)
                  .setEventTimeMillis(1_341_386_099_000L))
          .build();
  private static final Event UPDATED =
      Event.newBuilder()
          .setKind(EventKind.EVENT_KIND_METRICS_UPDATED)
          .setNumber(18)
          .setNamespace("shop")
          .setMetricsUpdated(MetricsUpdated.newBuilder().setRevision(2))
          .build();
  private static final EventGap GAP =
      EventGap.newBuilder().setRangeId(3).setMissed(5).setMissedHits(1).build();

  private final FakeCluster cluster = FakeCluster.start();
  private final Shell shell = new Shell();

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Shell.Outcome run(String... arguments) {
    String[] all = new String[arguments.length + 2];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--server";
    all[arguments.length + 1] = cluster.address();
    return shell.run(all);
  }

  @Test
  void eventsAreShownAndTheWatchGoesOnWhereItWasWhenTheServerIsBack() {
    cluster.tell(
        WatchEventsResponse.newBuilder().addEvents(EXCEEDED).setResumeToken("token-1").build());
    cluster.tell(
        WatchEventsResponse.newBuilder()
            .addGaps(GAP)
            .addEvents(UPDATED)
            .setResumeToken("token-2")
            .build());

    Shell.Outcome outcome = run("events", "--output", "tsv", "--resume", "token-0");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.outLines())
        .containsExactly(
            "2012-07-04T07:15:00Z\tthreshold_exceeded\t3\t17\tshop\tclicks\tä b\trule=busy"
                + " window=day start=2012-07-04T00:00:00Z limit=10 count=12"
                + " event_time=2012-07-04T07:14:59Z",
            "1970-01-01T00:00:00Z\tmetrics_updated\t0\t18\tshop\t\t\trevision=2");
    assertThat(cluster.watches())
        .extracting(WatchEventsRequest::getResumeToken)
        .containsExactly("token-0", "token-1", "token-2");
    assertThat(outcome.err())
        .contains("going on when it is back")
        .contains("missed 5 events and 1 hits of range 3")
        .endsWith("tally events --resume token-2\n");
  }

  @Test
  void eventsAreWrittenAsTableAndJsonToo() {
    cluster.tell(WatchEventsResponse.newBuilder().addEvents(EXCEEDED).addGaps(GAP).build());
    cluster.tell(WatchEventsResponse.newBuilder().addEvents(EXCEEDED).build());

    assertThat(run("events", "--output", "json").out())
        .contains("{\"kind\":\"gap\",\"range\":3,\"missed\":5,\"missed_hits\":1}\n")
        .contains(
            "{\"kind\":\"threshold_exceeded\",\"range\":3,\"number\":17,"
                + "\"journal_time\":\"2012-07-04T07:15:00Z\",\"namespace\":\"shop\","
                + "\"metric\":\"clicks\",\"key\":\"ä b\",\"rule\":\"busy\",\"window\":\"day\","
                + "\"start\":\"2012-07-04T00:00:00Z\",\"limit\":10,\"count\":12,"
                + "\"event_time\":\"2012-07-04T07:14:59Z\"}\n");
    cluster.tell(WatchEventsResponse.newBuilder().addEvents(EXCEEDED).build());
    assertThat(run("events").out())
        .startsWith(
            "2012-07-04T07:15:00Z      threshold_exceeded  shop/clicks  ä b  rule=busy window=day");
  }

  @Test
  void whatIsWantedIsAskedFor() {
    run("events", "--kinds", "hit_recorded,PRUNED", "--sample", "0.25", "--namespace", "shop");

    WatchEventsRequest asked = cluster.watches().get(0);
    assertThat(asked.getKindsList())
        .containsExactly(EventKind.EVENT_KIND_HIT_RECORDED, EventKind.EVENT_KIND_PRUNED);
    assertThat(asked.getHitSampleRate()).isEqualTo(0.25);
    assertThat(asked.getNamespace()).isEqualTo("shop");
  }

  @ParameterizedTest
  @CsvSource({
    "--kinds, sealed",
    "--kinds, unspecified",
    "--kinds, hit_recorded",
    "--sample, 1.5",
    "--sample, NaN",
    "--namespace, Ä"
  })
  void nonsenseIsWrongUsage(String option, String value) {
    assertThat(run("events", option, value).exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(cluster.watches()).isEmpty();
  }

  @Test
  void thresholdsAreSetListedAndDeleted() {
    run("metric", "create", "purchases");
    Shell.Outcome set =
        run(
            "threshold",
            "set",
            "busy",
            "--metric",
            "purchases",
            "--window",
            "day",
            "--limit",
            "1000",
            "--rearm-below",
            "900",
            "--key",
            "ä",
            "--output",
            "tsv");

    assertThat(set.exitCode()).as(set.err()).isEqualTo(ExitCode.DONE);
    assertThat(set.out()).isEqualTo("busy\tpurchases\tday\t1000\t900\tä\n");
    run("threshold", "set", "all", "--window", "all", "--limit", "7");
    assertThat(run("threshold", "list").outLines())
        .containsExactly(
            "NAME  METRIC     WINDOW  LIMIT  REARM BELOW  KEY",
            "busy  purchases  day      1000          900  ä",
            "all   clicks     all         7            7  -");
    assertThat(run("threshold", "delete", "busy").out()).isEqualTo("deleted busy\n");
    assertThat(run("threshold", "list", "--output", "tsv").out()).isEmpty();
  }

  @Test
  void aThresholdIsAboutASpanInsteadOfAWindow() {
    assertThat(
            run("threshold", "set", "burst", "--last", "1500ms", "--limit", "3", "--output", "tsv")
                .out())
        .isEqualTo("burst\tclicks\tlast 1500ms\t3\t3\t\n");
  }

  @ParameterizedTest
  @CsvSource({
    "--window minute --limit 5",
    "--window day --limit 0",
    "--window day --limit -5",
    "--window day",
    "--limit 5",
    "--window day --limit 5 --rearm-below 6",
    "--window day --limit x"
  })
  void aRuleThatMakesNoSenseIsWrongUsage(String options) {
    assertThat(run(("threshold set busy " + options).split(" ")).exitCode())
        .isEqualTo(ExitCode.WRONG_USAGE);
  }
}
