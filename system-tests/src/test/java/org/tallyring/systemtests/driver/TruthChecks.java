package org.tallyring.systemtests.driver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.dataset.NamedWindow;
import org.tallyring.systemtests.driver.Tally.Outcome;

/**
 * Compares what a cluster answers with the truth, through the command line.
 *
 * <p>Rankings must be equal row by row. The data sets would allow any order of equal counts; but
 * their files and our contract break ties alike (count falling, then the key's bytes rising), so
 * there is only one right answer, at the cut as well.
 */
public final class TruthChecks {

  private final Tally tally;
  private final ClusterApi api;
  private final Path directory;

  /**
   * Checks against one cluster.
   *
   * @param directory where files of keys may be written
   */
  public TruthChecks(Tally tally, ClusterApi api, Path directory) {
    this.tally = tally;
    this.api = api;
    this.directory = directory;
  }

  /**
   * Every key of every metric was counted {@code times} times as often as it is in the file: the
   * first metric by command, and the others by calls, which are faster than a process each.
   */
  public void assertEveryCount(DataSet set, String namespace, int times) {
    boolean first = true;
    for (Map.Entry<String, Map<String, Long>> metric : set.truth().counts().entrySet()) {
      Map<String, Long> truth = metric.getValue();
      Map<String, Long> counted =
          first
              ? countsByCommand(namespace, metric.getKey(), truth)
              : api.counts(namespace, metric.getKey(), List.copyOf(truth.keySet()));
      assertCounts(namespace + "/" + metric.getKey(), truth, counted, times);
      first = false;
    }
  }

  private Map<String, Long> countsByCommand(
      String namespace, String metric, Map<String, Long> truth) {
    Outcome answer =
        tally.run(
            "count",
            "--namespace",
            namespace,
            "--metric",
            metric,
            "--output",
            "tsv",
            "--from",
            keyFile(namespace, metric, truth).toString());
    assertThat(answer.exitCode()).as("exit code; %s", answer.stderr()).isZero();
    Map<String, Long> counted = new HashMap<>();
    for (String line : answer.lines()) {
      int tab = line.lastIndexOf('\t');
      counted.put(line.substring(0, tab), Long.valueOf(line.substring(tab + 1)));
    }
    return counted;
  }

  private static void assertCounts(
      String what, Map<String, Long> truth, Map<String, Long> counted, int times) {
    List<String> wrong = new ArrayList<>();
    long total = 0;
    long trueTotal = 0;
    for (Map.Entry<String, Long> entry : truth.entrySet()) {
      Long count = counted.get(entry.getKey());
      long expected = entry.getValue() * times;
      trueTotal += expected;
      total += count == null ? 0 : count;
      if (count == null || count != expected) {
        wrong.add(entry.getKey() + ": " + count + " (expected: " + expected + ")");
      }
    }
    // Not one assertion on two maps: of 60,000 keys only the differences are worth reading.
    assertThat(wrong).as("%s: total %d (expected: %d)", what, total, trueTotal).isEmpty();
    assertThat(counted).as("%s: keys answered", what).hasSize(truth.size());
  }

  private Path keyFile(String namespace, String metric, Map<String, Long> truth) {
    try {
      return Files.write(directory.resolve(namespace + "-" + metric + ".keys"), truth.keySet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The best 20 of all time, of every metric: the first by command, and all over REST. */
  public void assertTop20(DataSet set, String namespace) {
    Map<String, List<String>> tops = set.truth().top20();
    tops.keySet().forEach(metric -> api.awaitFreshRankings(namespace, metric));
    tops.entrySet().stream()
        .limit(1)
        .forEach(
            top ->
                assertTop(
                    top.getValue(),
                    "--namespace",
                    namespace,
                    "--metric",
                    top.getKey(),
                    "--window",
                    "all",
                    "-k",
                    "20"));
    tops.forEach((metric, truth) -> assertRest(truth, namespace, metric, "window=all&k=20"));
  }

  /**
   * The best 10 of each day and hour that the truth names, of every metric: the first by command,
   * and all over REST, which answers in milliseconds where a command is a process.
   */
  public void assertNamedWindows(DataSet set, String namespace) {
    Map<NamedWindow, List<String>> windows = set.truth().windows();
    windows.entrySet().stream()
        .limit(1)
        .forEach(window -> assertWindow(namespace, window.getKey(), window.getValue()));
    windows.forEach((window, truth) -> assertWindowOverRest(namespace, window, truth));
  }

  private void assertWindowOverRest(String namespace, NamedWindow window, List<String> truth) {
    String question = "window=%s&at=%s&k=10".formatted(window.level(), window.time());
    assertRest(truth, namespace, window.metric(), question);
  }

  private void assertRest(List<String> truth, String namespace, String metric, String question) {
    ClusterApi.RestAnswer answer =
        api.get("/v1/namespaces/%s/metrics/%s/top-k?%s".formatted(namespace, metric, question));
    assertThat(answer.status()).as("%s %s: %s", metric, question, answer.body()).isEqualTo(200);
    List<String> rows = new ArrayList<>();
    for (JsonNode item : answer.body().get("items")) {
      rows.add(
          item.get("rank").asText()
              + "\t"
              + item.get("id").asText()
              + "\t"
              + item.get("count").asText());
    }
    assertThat(rows).as("top of %s %s", metric, question).isEqualTo(truth);
  }

  private void assertWindow(String namespace, NamedWindow window, List<String> truth) {
    assertTop(
        truth,
        "--namespace",
        namespace,
        "--metric",
        window.metric(),
        "--window",
        window.level(),
        "--at",
        window.at(),
        "-k",
        "10");
  }

  private void assertTop(List<String> truth, String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--output", "tsv"));
    Outcome answer = tally.run("top", all.toArray(String[]::new));
    assertThat(answer.exitCode()).as("exit code; %s", answer.stderr()).isZero();
    assertThat(answer.lines()).as("top %s", String.join(" ", options)).isEqualTo(truth);
  }
}
