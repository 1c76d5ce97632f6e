package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.process.Processes;

/**
 * What a cluster holds beside what its journals say, also after it was killed and has replayed them
 * itself: a recovery that lost, doubled or skipped an entry is a mismatch here, since verifying
 * reads the journal in another way.
 */
final class VerifyIT {

  private static final int KEYS = 500;

  @RegisterExtension static final Processes processes = new Processes();

  private static Path file(int round) throws IOException {
    List<String> lines = new ArrayList<>(List.of("key,time,delta"));
    IntStream.range(0, 2 * KEYS)
        .forEach(i -> lines.add("key-" + i % KEYS + "," + (1_341_386_100 + i) + "," + (i % 3 + 1)));
    return Files.write(processes.directory().resolve("rows-" + round + ".csv"), lines);
  }

  private static void replay(Standalone cluster, int round) throws IOException {
    Tally.Outcome replayed =
        cluster
            .tally()
            .replay(
                file(round),
                "audited",
                "--key",
                "key",
                "--time",
                "time",
                "--time-format",
                "epoch_s",
                "--delta",
                "delta");
    assertThat(replayed.lastLine()).isEqualTo("recorded 1000, duplicate 0, rejected 0");
  }

  private static String verified(Standalone cluster) {
    Tally.Outcome verified = cluster.tally().run("verify");
    assertThat(verified.exitCode()).as(verified.stderr()).isZero();
    return verified.lastLine();
  }

  @Test
  void aClusterThatWasKilledHoldsWhatItsJournalsSayAndCanBeCountedAgainFromThem()
      throws IOException {
    try (Standalone cluster = Standalone.start(processes)) {
      replay(cluster, 1);
      assertThat(verified(cluster)).isEqualTo("verified 64 ranges, 500 keys, 0 mismatches");

      cluster.process().kill9();
      cluster.restart();
      replay(cluster, 2);
      assertThat(verified(cluster)).isEqualTo("verified 64 ranges, 500 keys, 0 mismatches");

      countedAgainFromTheJournalsAlone(cluster);
    }
  }

  /** Everything that counted, out of the journals and into another namespace. */
  private static void countedAgainFromTheJournalsAlone(Standalone cluster) throws IOException {
    Tally.Outcome log =
        cluster
            .tally()
            .run("log", "--all", "--namespace", "audited", "--counted", "--output", "json");
    assertThat(log.exitCode()).as(log.stderr()).isZero();
    Path rows = Files.writeString(processes.directory().resolve("audited.jsonl"), log.stdout());
    Tally.Outcome replayed =
        cluster
            .tally()
            .replay(
                rows,
                "again",
                "--format",
                "jsonl",
                "--key",
                "key",
                "--metric-column",
                "metric",
                "--time",
                "event_time",
                "--time-format",
                "iso",
                "--delta",
                "delta",
                "--user",
                "user");
    assertThat(replayed.lastLine()).isEqualTo("recorded 2000, duplicate 0, rejected 0");
    assertThat(top(cluster, "again")).hasSize(KEYS).isEqualTo(top(cluster, "audited"));
  }

  private static List<String> top(Standalone cluster, String namespace) {
    return cluster
        .tally()
        .run("top", "--namespace", namespace, "--window", "all", "-k", "1000", "--output", "tsv")
        .lines();
  }
}
