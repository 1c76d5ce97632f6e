package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.Retention;
import org.tallyring.proto.v1.SeriesPoint;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.dataset.TypeUsers;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.RelativeErrors;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/**
 * What the approximate strategies answer about real data is as near to the truth as the answers
 * say. Prints how near.
 */
final class ApproximationIT {

  private static final Duration REPLAY_LIMIT = Duration.ofSeconds(60);
  private static final WindowSelector ALL =
      WindowSelector.newBuilder().setWindow(Window.WINDOW_ALL).build();
  private static final int KEYS_AT_ONCE = 10_000;
  private static final int BEST = 100;

  /** Counts below are too small for a relative error to say much. */
  private static final long LARGE = 100;

  /**
   * An estimate further from the truth than this many standard errors is wrong, not unlucky: of
   * normal errors one in 60 million is.
   */
  private static final double STANDARD_ERRORS = 5.5;

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @BeforeAll
  static void startCluster() {
    DataSet.assumePresent();
    cluster = Standalone.start(processes);
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static void create(String namespace, MetricDefinition strategy, Set<String> metrics) {
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder()
            .setName(namespace)
            .setRetention(
                Retention.newBuilder()
                    .setHourMillis(Duration.ofDays(10_000).toMillis())
                    .setDayMillis(Duration.ofDays(10_000).toMillis()));
    metrics.forEach(metric -> definition.addMetrics(strategy.toBuilder().setName(metric)));
    cluster
        .api()
        .admin()
        .createNamespace(CreateNamespaceRequest.newBuilder().setNamespace(definition).build());
  }

  private static void assertReplayed(DataSet set, Tally.Outcome replay) {
    assertThat(replay.exitCode()).as(replay.stderr()).isEqualTo(set.replayExitCode());
    assertThat(replay.lastLine())
        .isEqualTo("recorded %d, duplicate 0, rejected %d", set.validRows(), set.invalidRows());
  }

  // --- different users ---

  static Stream<Arguments> setsWithUsers() {
    return Stream.of(
        arguments(
            DataSet.HIGGS,
            List.of("--no-header", "--delimiter", " ", "--key", "4", "--user", "1", "--time", "3")),
        arguments(
            DataSet.DESKDROP,
            List.of("--key", "eventType", "--user", "personId", "--time", "timestamp")),
        arguments(
            DataSet.ALIBABA,
            List.of("--key", "type", "--user", "user_id", "--time", "visit_datetime")),
        arguments(
            DataSet.WIKITICKER, List.of("--key", "isNew", "--user", "user", "--time", "time")));
  }

  private static List<String> formatOf(DataSet set) {
    return switch (set) {
      case ALIBABA -> List.of("--time-format", "M-d");
      case WIKITICKER -> List.of("--format", "jsonl", "--time-format", "iso");
      default -> List.of("--time-format", "epoch_s");
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("setsWithUsers")
  void theUsersOfEachTypeInEachWindowAreWithinTheStatedError(DataSet set, List<String> columns) {
    String namespace = set.namespace() + "-types";
    create(namespace, distinct(), Set.of("users"));
    List<String> options = new ArrayList<>(List.of("--metric", "users"));
    options.addAll(columns);
    options.addAll(formatOf(set));
    assertReplayed(
        set, cluster.tally().replay(set.file(), namespace, options.toArray(String[]::new)));

    Map<String, Map<String, Long>> truth = new LinkedHashMap<>();
    for (TypeUsers each : set.truth().users()) {
      truth
          .computeIfAbsent(each.type(), type -> new LinkedHashMap<>())
          .put(each.at(), each.users());
    }
    RelativeErrors errors = new RelativeErrors();
    RelativeErrors large = new RelativeErrors();
    double standardError = 0;
    for (Map.Entry<String, Map<String, Long>> type : truth.entrySet()) {
      GetCountsResponse ever = counts(namespace, "users", List.of(type.getKey()));
      standardError = ever.getLabel().getStandardError();
      assertThat(standardError).isCloseTo(0.01625, within(0.00001));
      Map<String, Long> answered = new HashMap<>();
      answered.put("", ever.getCounts(0).getCount());
      answered.putAll(
          series(namespace, type.getKey(), type.getValue().keySet(), Window.WINDOW_DAY));
      answered.putAll(
          series(namespace, type.getKey(), type.getValue().keySet(), Window.WINDOW_HOUR));
      for (Map.Entry<String, Long> answer : answered.entrySet()) {
        long users = type.getValue().getOrDefault(answer.getKey(), 0L);
        String what = type.getKey() + " at " + answer.getKey();
        assertThat((double) answer.getValue())
            .as(what)
            .isCloseTo((double) users, within(STANDARD_ERRORS * standardError * users));
        if (users > 0) {
          errors.add(answer.getValue(), users);
        }
        if (users >= LARGE) {
          large.add(answer.getValue(), users);
        }
      }
      assertThat(answered.keySet()).containsAll(type.getValue().keySet());
    }
    Figures.print(
        "distinct users of %s by type, all time and each day and hour: %s; of %d or more: %s;"
            + " stated standard error %.2f %%",
        set.namespace(), errors, LARGE, large, 100 * standardError);
    assertThat(large.rms()).isLessThan(large.rmsLimit(standardError));
  }

  /** The answers for whole days or hours that hold those windows, named as the truth names them. */
  private static Map<String, Long> series(
      String namespace, String key, Set<String> windows, Window step) {
    int length = step == Window.WINDOW_DAY ? "2012-07-04".length() : "2012-07-04T07".length();
    List<String> named = windows.stream().filter(at -> at.length() == length).sorted().toList();
    if (named.isEmpty()) {
      return Map.of();
    }
    LocalDate first = LocalDate.parse(named.get(0).substring(0, 10));
    LocalDate last = LocalDate.parse(named.get(named.size() - 1).substring(0, 10));
    Map<String, Long> answers = new HashMap<>();
    for (SeriesPoint point :
        cluster
            .api()
            .counters()
            .getSeries(
                GetSeriesRequest.newBuilder()
                    .setNamespace(namespace)
                    .setMetric("users")
                    .setKey(ByteString.copyFromUtf8(key))
                    .setStep(step)
                    .setStartTime(ProtoTimes.timestamp(millis(first)))
                    .setEndTime(ProtoTimes.timestamp(millis(last.plusDays(1))))
                    .build())
            .getPointsList()) {
      String start = Instant.ofEpochMilli(ProtoTimes.millis(point.getStartTime())).toString();
      answers.put(start.substring(0, length), point.getCount());
    }
    return answers;
  }

  private static long millis(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }

  @Test
  void theReadersOfEachArticleAreWithinTheStatedError() throws IOException {
    DataSet set = DataSet.DESKDROP;
    Map<String, Map<String, Set<String>>> users = usersByArticle();
    create("deskdrop-articles", distinct(), users.keySet());
    List<String> options = new ArrayList<>(set.replayOptions());
    options.addAll(List.of("--user", "personId"));
    assertReplayed(
        set,
        cluster.tally().replay(set.file(), "deskdrop-articles", options.toArray(String[]::new)));

    RelativeErrors errors = new RelativeErrors();
    users.forEach(
        (metric, byArticle) -> {
          GetCountsResponse answer =
              counts("deskdrop-articles", metric, List.copyOf(byArticle.keySet()));
          double standardError = answer.getLabel().getStandardError();
          for (KeyCount count : answer.getCountsList()) {
            String article = count.getKey().toStringUtf8();
            long truth = byArticle.getOrDefault(article, Set.of()).size();
            assertThat((double) count.getCount())
                .as("%s of %s", metric, article)
                .isCloseTo((double) truth, within(STANDARD_ERRORS * standardError * truth));
            errors.add(count.getCount(), truth);
          }
        });
    Figures.print("distinct users of deskdrop by article and type: %s", errors);
    assertThat(errors.size())
        .isEqualTo(users.values().stream().mapToInt(Map::size).sum())
        .isGreaterThan(6_000);
  }

  /** By metric and article. Of the file only the user agent, which comes later, holds commas. */
  private static Map<String, Map<String, Set<String>>> usersByArticle() throws IOException {
    Map<String, Map<String, Set<String>>> users = new HashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(DataSet.DESKDROP.open(), StandardCharsets.UTF_8))) {
      lines.readLine();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(",", 5);
        String metric = fields[1].toLowerCase(Locale.ROOT).replace(' ', '_');
        users
            .computeIfAbsent(metric, type -> new HashMap<>())
            .computeIfAbsent(fields[2], article -> new HashSet<>())
            .add(fields[3]);
      }
    }
    return users;
  }

  private static MetricDefinition distinct() {
    return MetricDefinition.newBuilder().setDistinct(Distinct.getDefaultInstance()).build();
  }

  // --- counters and heavy hitters ---

  @ParameterizedTest
  @EnumSource(names = {"HIGGS", "KOSARAK"})
  void morrisCountersHaveTheStatedStandardError(DataSet set) {
    String namespace = set.namespace() + "-morris";
    Map<String, Map<String, Long>> truth = set.truth().counts();
    create(
        namespace,
        MetricDefinition.newBuilder().setMorris(Morris.getDefaultInstance()).build(),
        truth.keySet());
    assertReplayed(set, cluster.tally().replay(set, namespace, REPLAY_LIMIT));

    truth.forEach(
        (metric, counts) -> {
          RelativeErrors errors = new RelativeErrors();
          GetCountsResponse answer = counts(namespace, metric, List.copyOf(counts.keySet()));
          double standardError = answer.getLabel().getStandardError();
          assertThat(standardError).isCloseTo(0.01414, within(0.00001));
          answer
              .getCountsList()
              .forEach(
                  count -> {
                    long exact = truthOf(counts, count);
                    if (exact >= LARGE) {
                      errors.add(count.getCount(), exact);
                    }
                  });
          Figures.print(
              "morris on %s/%s, counts of %d or more: %s; stated standard error %.2f %%; %d of the"
                  + " top %d",
              set.namespace(),
              metric,
              LARGE,
              errors,
              100 * standardError,
              recall(namespace, metric, counts),
              BEST);
          assertThat(errors.rms()).isLessThan(errors.rmsLimit(standardError));
          assertThat(errors.worst()).isLessThan(STANDARD_ERRORS * standardError);
        });
  }

  @ParameterizedTest
  @EnumSource(names = {"HIGGS", "KOSARAK"})
  void heavyHittersAreNeverOffByMoreThanTheStatedMaximum(DataSet set) {
    String namespace = set.namespace() + "-hitters";
    Map<String, Map<String, Long>> truth = set.truth().counts();
    // 48 keys in each of 64 ranges: a small part of them all.
    create(
        namespace,
        MetricDefinition.newBuilder()
            .setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(64))
            .build(),
        truth.keySet());
    assertReplayed(set, cluster.tally().replay(set, namespace, REPLAY_LIMIT));

    truth.forEach(
        (metric, counts) -> {
          GetCountsResponse answer = counts(namespace, metric, List.copyOf(counts.keySet()));
          long maxError = answer.getLabel().getMaxError();
          assertThat(answer.getLabel().getExact()).isFalse();
          long worst = 0;
          long held = 0;
          for (KeyCount count : answer.getCountsList()) {
            worst = Math.max(worst, Math.abs(count.getCount() - truthOf(counts, count)));
            held += count.getCount() == 0 ? 0 : 1;
          }
          int found = recall(namespace, metric, counts);
          Figures.print(
              "heavy hitters on %s/%s: %d of %d keys held, worst error %d, stated maximum %d, best"
                  + " count %d; %d of the top %d",
              set.namespace(),
              metric,
              held,
              counts.size(),
              worst,
              maxError,
              counts.values().stream().mapToLong(Long::longValue).max().orElse(0),
              found,
              BEST);
          assertThat(worst).isPositive().isLessThanOrEqualTo(maxError);
          assertThat(held).isLessThanOrEqualTo(64 * 48);
        });
  }

  private static long truthOf(Map<String, Long> counts, KeyCount count) {
    return counts.getOrDefault(count.getKey().toStringUtf8(), 0L);
  }

  /** How many of the first keys by the command line have a count of the true first keys. */
  private static int recall(String namespace, String metric, Map<String, Long> truth) {
    cluster.api().awaitFreshRankings(namespace, metric);
    Tally.Outcome top =
        cluster
            .tally()
            .run(
                "top",
                "--namespace",
                namespace,
                "--metric",
                metric,
                "--window",
                "all",
                "-k",
                Integer.toString(BEST),
                "--output",
                "tsv");
    assertThat(top.lines()).as(top.stderr()).hasSize(BEST);
    long least =
        truth.values().stream()
            .sorted(Comparator.reverseOrder())
            .skip(BEST - 1)
            .findFirst()
            .orElseThrow();
    return (int)
        top.lines().stream()
            .filter(line -> truth.getOrDefault(line.split("\t")[1], 0L) >= least)
            .count();
  }

  private static GetCountsResponse counts(String namespace, String metric, List<String> keys) {
    GetCountsResponse.Builder all = GetCountsResponse.newBuilder();
    for (int from = 0; from < keys.size(); from += KEYS_AT_ONCE) {
      GetCountsRequest.Builder request =
          GetCountsRequest.newBuilder()
              .setNamespace(namespace)
              .setMetric(metric)
              .setWindow(ALL)
              .setRequireComplete(true);
      keys.subList(from, Math.min(keys.size(), from + KEYS_AT_ONCE))
          .forEach(key -> request.addKeys(ByteString.copyFromUtf8(key)));
      GetCountsResponse answer = cluster.api().counters().getCounts(request.build());
      AnswerLabel label = answer.getLabel();
      // Each answer speaks of its own keys; together they are as good as the worst of them.
      if (label.getMaxError() >= all.getLabel().getMaxError()) {
        all.setLabel(label);
      }
      all.addAllCounts(answer.getCountsList());
    }
    return all.build();
  }
}
