package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/** A file with lines that cannot be counted is counted without them, and says so. */
final class BadLinesIT {

  private static final String TIME = "2015-05-17T10:05:03Z";

  @RegisterExtension static final Processes processes = new Processes();

  @SuppressWarnings("NullAway.Init")
  private static Standalone cluster;

  @BeforeAll
  static void startCluster() {
    cluster = Standalone.start(processes);
  }

  @AfterAll
  static void closeCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void badLinesOfACsvFileAreLeftOutAndCounted() throws IOException {
    Path file = processes.directory().resolve("bad.csv");
    try (ByteArrayOutputStream lines = new ByteArrayOutputStream()) {
      lines.writeBytes(line("key,time,metric,delta"));
      lines.writeBytes(line("good," + TIME + ",clicks,1"));
      lines.writeBytes(line("," + TIME + ",clicks,1"));
      lines.writeBytes(line("empty-time,,clicks,1"));
      lines.writeBytes(line("bad-time,yesterday,clicks,1"));
      lines.writeBytes(line("far-future,2999-01-01T00:00:00Z,clicks,1"));
      lines.writeBytes(line("too-few," + TIME));
      lines.writeBytes(line("too-many," + TIME + ",clicks,1,1"));
      lines.writeBytes(line("good," + TIME + ",clicks,5"));
      lines.writeBytes(line("no-delta," + TIME + ",clicks,"));
      lines.writeBytes(line("zero-delta," + TIME + ",clicks,0"));
      lines.writeBytes(line("huge-delta," + TIME + ",clicks,9223372036854775808"));
      lines.writeBytes(line("control\u0001," + TIME + ",clicks,1"));
      lines.writeBytes(line("k".repeat(513) + "," + TIME + ",clicks,1"));
      lines.writeBytes(new byte[] {(byte) 0xC3, (byte) 0x28});
      lines.writeBytes(line("," + TIME + ",clicks,1"));
      lines.writeBytes(line("bad-metric," + TIME + "," + "m".repeat(65) + ",1"));
      lines.writeBytes(line("\"never closed," + TIME + ",clicks,1"));
      lines.writeBytes(line("good," + TIME + ",clicks,-2"));
      lines.writeBytes(line("k".repeat(512) + "," + TIME + ",clicks,1"));
      Files.write(file, lines.toByteArray());
    }

    Tally.Outcome replay =
        cluster
            .tally()
            .replay(
                file,
                "bad-csv",
                "--format",
                "csv",
                "--key",
                "key",
                "--time",
                "time",
                "--time-format",
                "iso",
                "--metric-column",
                "metric",
                "--delta",
                "delta");

    assertThat(replay.exitCode()).as(replay.stderr()).isEqualTo(3);
    assertThat(replay.lastLine()).isEqualTo("recorded 4, duplicate 0, rejected 14");
    assertThat(replay.stderr())
        .as("the first rejected lines, by number")
        .contains("bad.csv:3:", "bad.csv:4:", "bad.csv:5:");
    assertCounts(
        "bad-csv", List.of("good\t4", "k".repeat(512) + "\t1", "zero-delta\t0", "far-future\t0"));
    assertTop("bad-csv", List.of("1\tgood\t4", "2\t" + "k".repeat(512) + "\t1"));
  }

  @Test
  void badLinesOfAJsonFileAreLeftOutAndCounted() throws IOException {
    Path file = processes.directory().resolve("bad.jsonl");
    Files.write(
        file,
        List.of(
            "{\"page\":\"good\",\"time\":\"" + TIME + "\"}",
            "{\"page\":\"cut off\",\"time\":\"2015-",
            "not json at all",
            "[\"page\",\"time\"]",
            "{\"time\":\"" + TIME + "\"}",
            "{\"page\":null,\"time\":\"" + TIME + "\"}",
            "{\"page\":{\"name\":\"an object\"},\"time\":\"" + TIME + "\"}",
            "{\"page\":\"no-time\"}",
            "{\"page\":\"empty-time\",\"time\":\"\"}",
            "{\"page\":\"bad-time\",\"time\":\"2015-02-30T00:00:00Z\"}",
            "{\"page\":\"good\",\"time\":\"" + TIME + "\"} {}",
            "{\"page\":\"good\",\"time\":\"" + TIME + "\"}"));

    Tally.Outcome replay =
        cluster
            .tally()
            .replay(
                file,
                "bad-json",
                "--format",
                "jsonl",
                "--key",
                "page",
                "--time",
                "time",
                "--time-format",
                "iso",
                "--metric",
                "clicks");

    assertThat(replay.exitCode()).as(replay.stderr()).isEqualTo(3);
    assertThat(replay.lastLine()).isEqualTo("recorded 2, duplicate 0, rejected 10");
    assertTop("bad-json", List.of("1\tgood\t2"));
  }

  @Test
  void aFileWhoseColumnsAreMissingIsWrongUsageAndCountsNothing() throws IOException {
    Path file = processes.directory().resolve("columns.csv");
    Files.write(file, List.of("key,time", "good," + TIME));

    Tally.Outcome replay =
        cluster.tally().replay(file, "bad-columns", "--format", "csv", "--key", "product");

    assertThat(replay.exitCode()).as(replay.stderr()).isEqualTo(2);
    assertThat(replay.stderr()).contains("--key: product");
    assertThat(cluster.process().isAlive()).isTrue();
  }

  private static void assertCounts(String namespace, List<String> expected) throws IOException {
    Path keys = processes.directory().resolve(namespace + ".keys");
    Files.write(keys, expected.stream().map(row -> row.substring(0, row.indexOf('\t'))).toList());
    Tally.Outcome counts =
        cluster
            .tally()
            .run("count", "--namespace", namespace, "--output", "tsv", "--from", keys.toString());
    assertThat(counts.lines()).isEqualTo(expected);
  }

  private static void assertTop(String namespace, List<String> expected) {
    cluster.api().awaitFreshRankings(namespace, "clicks");
    Tally.Outcome top = cluster.tally().run("top", "--namespace", namespace, "--output", "tsv");
    assertThat(top.lines()).isEqualTo(expected);
  }

  private static byte[] line(String text) {
    return (text + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
