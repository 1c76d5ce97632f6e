package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.cli.failure.ExitCode;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;

/** The verbs that ask a cluster, against one that counts in a map. */
final class VerbsTest {

  private static final String DEFAULT_RETENTION = "minute=26h,hour=40d,day=400d";

  @TempDir Path directory;

  private final FakeCluster cluster = FakeCluster.start();
  private final Shell shell = new Shell();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void whatIsRecordedIsRankedAndCounted() {
    run("record", "a");
    run("record", "a", "--delta", "4");
    run("record", "ä b", "--time", "2012-07-04T07:15:00Z");

    assertThat(run("top", "--output", "tsv").out()).isEqualTo("1\ta\t5\n2\tä b\t1\n");
    assertThat(run("count", "ä b", "c", "a", "--output", "tsv").out())
        .isEqualTo("ä b\t1\nc\t0\na\t5\n");
    assertThat(cluster.records().get(2).getIncrements(0).getEventTimeMillis())
        .isEqualTo(1_341_386_100_000L);
  }

  @Test
  void anIncrementIsRepeatedUntilItIsAnsweredAndCountsOnce() {
    cluster.answerUnavailable(2);

    Shell.Outcome outcome = run("record", "a", "--output", "tsv");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.out()).isEqualTo("0\t1\n");
    assertThat(outcome.err()).contains("repeating");
    assertThat(cluster.count("default", "clicks", "a")).isEqualTo(1);
    assertThat(cluster.records()).hasSize(3);
    assertThat(cluster.records()).extracting("requestId").containsOnly(requestId());
  }

  @Test
  void anEventIdGoesWithTheIncrement() {
    run("record", "a", "--event-id", "0x0102");
    run("record", "a", "--event-id", "00000000-0000-0001-0000-000000000002");

    assertThat(cluster.records().get(0).getIncrements(0).getEventId().toByteArray())
        .containsExactly(1, 2);
    assertThat(cluster.records().get(1).getIncrements(0).getEventId().size()).isEqualTo(16);
  }

  @Test
  void anEventIdThatCountedBeforeIsTold() {
    assertThat(run("record", "a", "--event-id", "x").out())
        .isEqualTo("recorded default/clicks of a +1\n");
    assertThat(run("record", "a", "--event-id", "x").out())
        .isEqualTo("already recorded default/clicks of a +1\n");
    assertThat(run("record", "a", "--event-id", "x", "--output", "tsv").out()).isEqualTo("0\t1\n");
    assertThat(cluster.count("default", "clicks", "a")).isEqualTo(1);
  }

  private Object requestId() {
    assertThat(cluster.records().get(0).getRequestId().size()).isEqualTo(16);
    return cluster.records().get(0).getRequestId();
  }

  @Test
  void aRankingSaysHowGoodItIs() {
    run("record", "a");

    assertThat(run("top").outLines())
        .containsExactly(
            "default/clicks, all time",
            "RANK  KEY  COUNT",
            "   1  a        1",
            "as of 2001-09-09T01:46:40Z, still counting, exact, 2 of 2 ranges");
    assertThat(run("top", "--output", "json").out())
        .isEqualTo(
            "{\"namespace\":\"default\",\"metric\":\"clicks\",\"window\":\"all\",\"start\":null,"
                + "\"end\":null,\"as_of\":\"2001-09-09T01:46:40Z\",\"final\":false,\"revision\":0,"
                + "\"exact\":true,\"ranges_total\":2,\"ranges_included\":2,"
                + "\"items\":[{\"id\":\"a\",\"count\":1,\"rank\":1}]}\n");
  }

  @Test
  void anIncompleteAnswerSaysSo() {
    cluster.includeRanges(1);

    Shell.Outcome top = run("top", "--output", "tsv");
    assertThat(top.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(top.err()).contains("only 1 of 2 ranges");

    Shell.Outcome count = run("count", "lost", "found", "--output", "tsv");
    assertThat(count.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(count.out()).isEqualTo("found\t0\n");
    assertThat(count.err()).contains("1 keys are left out");
  }

  @Test
  void anEmptySealedWindowComesWithAHint() {
    assertThat(run("top", "--window", "day").err()).contains("--at");
    assertThat(run("top", "--last", "24h").err()).contains("nothing was counted in this span");
    assertThat(run("top").err()).isEmpty();
  }

  @Test
  void aSpanIsAskedForAndSaysWhatItCovers() {
    run("record", "a");

    assertThat(run("top", "--last", "24h", "--at", "2012-07-04T07:00").outLines())
        .startsWith("default/clicks, 2012-07-03T07:00:00Z to 2012-07-04T07:00:00Z, whole minutes");
    assertThat(run("count", "a", "--last", "90s", "--output", "json").out())
        .contains("\"window\":\"span\",\"bucket\":\"minute\",\"start\":");
    run("top", "--last", "7d", "--at", "sealed");
    run("count", "--last", "7d", "--at", "current", "a");

    assertThat(cluster.selectors())
        .extracting(selector -> selector.getLast().getSeconds())
        .containsExactly(86_400L, 90L, 604_800L, 604_800L);
    assertThat(cluster.selectors())
        .extracting(WindowSelector::getAtCase)
        .containsExactly(
            WindowSelector.AtCase.TIME,
            WindowSelector.AtCase.AT_NOT_SET,
            WindowSelector.AtCase.SEALED,
            WindowSelector.AtCase.CURRENT);
    assertThat(cluster.selectors())
        .extracting(WindowSelector::getWindow)
        .containsOnly(Window.WINDOW_UNSPECIFIED);
    assertThat(run("top", "--last", "24h", "--metric", "clicks", "--namespace", "default").err())
        .isEmpty();
  }

  @Test
  void aSeriesHasARowForEveryStep() {
    run("record", "a", "--delta", "4");
    String[] series = {
      "series", "a", "--step", "hour", "--start", "2012-07-04T06:30", "--end", "2012-07-04T08"
    };

    assertThat(run(with(series, "--output", "tsv")).out())
        .isEqualTo("2012-07-04T06:00:00Z\t4\n2012-07-04T07:00:00Z\t0\n");
    assertThat(run(series).outLines())
        .containsExactly(
            "default/clicks, a, 2012-07-04T06:00:00Z to 2012-07-04T08:00:00Z by hour",
            "START                 COUNT",
            "2012-07-04T06:00:00Z      4",
            "2012-07-04T07:00:00Z      0",
            "as of 2001-09-09T01:46:40Z, still counting, exact, 2 of 2 ranges");
    assertThat(run(with(series, "--output", "json")).out())
        .isEqualTo(
            "{\"namespace\":\"default\",\"metric\":\"clicks\",\"id\":\"a\",\"window\":\"hour\","
                + "\"start\":\"2012-07-04T06:00:00Z\",\"end\":\"2012-07-04T08:00:00Z\","
                + "\"as_of\":\"2001-09-09T01:46:40Z\",\"final\":false,\"revision\":0,\"exact\":true,"
                + "\"ranges_total\":2,\"ranges_included\":2,\"points\":["
                + "{\"start\":\"2012-07-04T06:00:00Z\",\"count\":4},"
                + "{\"start\":\"2012-07-04T07:00:00Z\",\"count\":0}]}\n");
    assertThat(run("series", "a", "--output", "tsv").outLines()).hasSize(24);
    assertThat(
            run(
                    "series",
                    "a",
                    "--step",
                    "month",
                    "--last",
                    "31d",
                    "--end",
                    "2012-03",
                    "--output",
                    "tsv")
                .outLines())
        .containsExactly("2012-01-01T00:00:00Z\t4", "2012-02-01T00:00:00Z\t0");
  }

  private static String[] with(String[] arguments, String... more) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void countsOfAFileKeepItsOrderOverManyRequests() throws IOException {
    List<String> keys = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 12_345; i++) {
      keys.add("k" + (i * 7919 % 12_345));
      expected.add(keys.get(i) + "\t0");
    }
    Path file = Files.write(directory.resolve("keys"), keys);

    assertThat(run("count", "--from", file.toString(), "--output", "tsv").outLines())
        .isEqualTo(expected);
  }

  @Test
  void aBadKeyInAFileIsLeftOutAndOnTheCommandLineIsWrongUsage() {
    Shell.Outcome outcome =
        shell.runWithInput(
            "a\n\nb\tc\nd\n",
            "count",
            "--from",
            "-",
            "--output",
            "tsv",
            "--server",
            cluster.address());

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.INPUT_REJECTED);
    assertThat(outcome.out()).isEqualTo("a\t0\nd\t0\n");
    assertThat(outcome.err()).startsWith("-:3: rejected: key: ");
    assertThat(run("count", "b\tc").exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
  }

  @Test
  void countsAreWrittenAsTableAndJsonToo() {
    run("record", "a");

    assertThat(run("count", "a", "bb").outLines())
        .startsWith("default/clicks, all time", "KEY  COUNT", "a        1", "bb       0");
    assertThat(run("count", "a", "--output", "json").out())
        .startsWith(
            "{\"namespace\":\"default\",\"metric\":\"clicks\",\"items\":[{\"id\":\"a\",\"count\":1}],"
                + "\"window\":\"all\"");
  }

  @Test
  void namespacesAreCreatedListedDescribedAndDeleted() {
    assertThat(run("namespace", "create", "shop", "--metrics", "views,buys", "--lateness", "5m"))
        .satisfies(
            outcome ->
                assertThat(outcome.outLines())
                    .containsExactly(
                        "NAME  METRICS     LATENESS  RETENTION                     EVENT ID HORIZON",
                        "shop  views,buys  5m        " + DEFAULT_RETENTION + "  1h"));
    assertThat(run("namespace", "create", "shop").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run("metric", "create", "carts", "--namespace", "shop").exitCode()).isZero();
    assertThat(run("namespace", "list", "--output", "tsv").out())
        .isEqualTo(
            "default\tclicks\t1m\t%1$s\t1h\nshop\tviews,buys,carts\t5m\t%1$s\t1h\n"
                .formatted(DEFAULT_RETENTION));
    assertThat(run("namespace", "describe", "shop", "--output", "json").out())
        .isEqualTo(
            "{\"namespaces\":[{\"name\":\"shop\",\"metrics\":\"views,buys,carts\","
                + "\"lateness\":\"5m\",\"retention\":\""
                + DEFAULT_RETENTION
                + "\",\"event_id_horizon\":\"1h\"}]}\n");
    assertThat(run("namespace", "delete", "shop").out()).isEqualTo("deleted shop\n");
    Shell.Outcome gone = run("namespace", "describe", "shop");
    assertThat(gone.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(gone.errLines()).singleElement().asString().contains("tally namespace list");
  }

  @Test
  void retentionIsGivenLevelByLevelAndShownWhole() {
    assertThat(
            run("namespace", "create", "archive", "--retention", "hour=400d,day=10000d").outLines())
        .containsExactly(
            "NAME     METRICS  LATENESS  RETENTION                        EVENT ID HORIZON",
            "archive  clicks   1m        minute=26h,hour=400d,day=10000d  1h");
    assertThat(run("namespace", "describe", "archive", "--output", "tsv").out())
        .isEqualTo("archive\tclicks\t1m\tminute=26h,hour=400d,day=10000d\t1h\n");
  }

  @Test
  void theHorizonOfEventIdsIsGivenAndShown() {
    run("namespace", "create", "orders", "--event-id-horizon", "36h");

    assertThat(run("namespace", "describe", "orders", "--output", "tsv").out())
        .isEqualTo("orders\tclicks\t1m\t" + DEFAULT_RETENTION + "\t36h\n");
  }

  @Test
  void metricsAreCreatedSwappedAndShownWithTheirStrategies() {
    run("namespace", "create", "shop", "--metrics", "views");
    assertThat(
            run(
                    "metric",
                    "create",
                    "hits",
                    "--namespace",
                    "shop",
                    "--strategy",
                    "sliding_window",
                    "--horizon",
                    "30m")
                .exitCode())
        .isZero();
    run("metric", "swap", "views", "--namespace", "shop", "--strategy", "morris", "--base", "1.02");
    assertThat(run("namespace", "describe", "shop", "--output", "tsv").out())
        .startsWith("shop\tviews (morris 1.02),hits (sliding_window 30m)\t");
    assertThat(run("metric", "list", "--namespace", "shop", "--output", "tsv").outLines())
        .containsExactly(
            "views\tmorris 1.02\t9\t2\t4\t1\t80", "hits\tsliding_window 30m\t9\t2\t4\t1\t80");
    assertThat(run("metric", "describe", "hits", "--namespace", "shop", "--output", "json").out())
        .isEqualTo(
            "{\"metrics\":[{\"name\":\"hits\",\"strategy\":\"sliding_window 30m\",\"hits\":9,"
                + "\"keys\":2,\"entries\":4,\"pruned\":1,\"bytes\":80}]}\n");
    assertThat(run("metric", "describe", "other", "--namespace", "shop").exitCode())
        .isEqualTo(ExitCode.FAILED);
  }

  @Test
  void aMetricIsShownWithItsOwnBuckets() {
    run("namespace", "create", "shop", "--metrics", "views");
    assertThat(
            run(
                    "metric",
                    "create",
                    "pings",
                    "--namespace",
                    "shop",
                    "--strategy",
                    "fixed_window",
                    "--bucket",
                    "90s")
                .exitCode())
        .isZero();
    assertThat(run("namespace", "describe", "shop", "--output", "tsv").out())
        .startsWith("shop\tviews,pings (fixed_window 90s)\t");
  }

  @Test
  void theMetricIsTheFirstOfTheNamespaceUnlessGiven() {
    run("namespace", "create", "shop", "--metrics", "views,buys");
    run("record", "a", "--namespace", "shop");
    run("record", "a", "--namespace", "shop", "--metric", "buys", "--delta", "2");

    assertThat(run("count", "a", "--namespace", "shop", "--output", "tsv").out())
        .isEqualTo("a\t1\n");
    assertThat(cluster.count("shop", "buys", "a")).isEqualTo(2);
    Shell.Outcome missing = run("top", "--metric", "other");
    assertThat(missing.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(missing.err()).contains("metric: other", "tally metric create");
  }

  @Test
  void otherMetricsLimitARankingAndStandBesideIt() {
    run("metric", "create", "views");
    run("record", "a", "--delta", "5");
    run("record", "a", "--metric", "views", "--delta", "70");
    String[] top = {
      "top", "--include", "views", "--where", "views>=10,clicks<9", "--score", "0.1*views+1*clicks"
    };

    assertThat(run(with(top, "--output", "tsv")).out()).isEqualTo("1\ta\t5\t3\t70\n");
    assertThat(cluster.lastTopK().getWhereList())
        .containsExactlyElementsOf(CriterionText.filters("views>=10,clicks<9"));
    assertThat(cluster.lastTopK().getScoreList())
        .containsExactlyElementsOf(CriterionText.score("0.1*views+1*clicks"));
    assertThat(run(top).outLines()).contains("RANK  KEY  COUNT  SCORE  VIEWS");
    assertThat(run(with(top, "--output", "json")).out())
        .contains("\"rank\":1,\"score\":3,\"included\":{\"views\":70}}");
  }

  @Test
  void theRankOfAKeyIsShownAmongItsNeighbors() {
    run("record", "a", "--delta", "63");

    assertThat(run("rank", "a", "--neighbors", "1", "--output", "tsv").out())
        .isEqualTo("36\tn36\t64\n37\ta\t63\n38\tn38\t62\n");
    assertThat(run("rank", "a", "--window", "day", "--compare").outLines())
        .contains("#37 of 41,270, was #52", "  37  a       63");
    assertThat(run("rank", "nobody").outLines()).contains("not ranked of 41,270");
    assertThat(run("rank", "a", "--compare", "--output", "json").out())
        .startsWith(
            "{\"namespace\":\"default\",\"metric\":\"clicks\",\"id\":\"a\",\"rank\":37,"
                + "\"total\":41270,\"count\":63,\"previous_rank\":52,\"above\":[],\"below\":[],"
                + "\"window\":\"all\"");
  }

  @Test
  void whatGrowsIsShown() {
    assertThat(run("trending", "--min-count", "40", "--output", "tsv").out())
        .isEqualTo("1\ta\t40\t12\t0.50\t5.833957\n");
    assertThat(run("trending").outLines()).contains("RANK  KEY  COUNT  BEFORE  PER HOUR  SCORE");
    assertThat(run("trending", "--baseline-hours", "12", "--output", "json").out())
        .contains(
            "\"baseline_hours\":12,\"items\":[{\"id\":\"a\",\"count\":10,"
                + "\"baseline_count\":12,\"baseline_mean\":1.0,\"score\":5.833957,\"rank\":1}]");
  }

  @Test
  void shardsAndRangesAreListed() {
    assertThat(run("shards", "--output", "tsv").out())
        .isEqualTo("shard-1\t" + cluster.address() + "\t1\t\t2\ttrue\tACTIVE\n");
    assertThat(run("ranges").outLines())
        .containsExactly(
            "RANGE  OWNER    EPOCH  STATE        KEYS  INCREMENTS  JOURNAL BYTES  COPIES  DEGRADED"
                + "  INCREMENTS PER SECOND  BYTES",
            "    0  shard-1      1  SERVING         3           5             70       1  -       "
                + "                     12    340",
            "    1  shard-1      1  UNAVAILABLE     0           0              0       0  -       "
                + "                      0      0");
  }

  @Test
  void shardsThatAreOutOfTouchAreListedWithAWarning() {
    cluster.loseTouch();

    Shell.Outcome outcome = run("shards", "--output", "tsv");

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.out()).startsWith("shard-1\t");
    assertThat(outcome.err()).startsWith("tally: shards: as last known");
  }

  private Shell.Outcome run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", cluster.address()));
    return shell.run(all.toArray(String[]::new));
  }
}
