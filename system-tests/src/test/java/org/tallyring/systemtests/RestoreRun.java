package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.LineFeed;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/**
 * What one cluster exported comes back whole in a fresh one with another number of ranges. Run by
 * {@code -Pchaos -Dit.test=RestoreRun}.
 */
final class RestoreRun {

  private static final DataSet SET = DataSet.BMS_WEBVIEW_2;

  /** Fewer than the 64 that the file comes from. */
  private static final int OTHER_RANGES = 16;

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  void aFileIsRestoredIntoAClusterOfFewerRanges() {
    DataSet.assumePresent();
    Path file = processes.directory().resolve("whole.tally");
    try (Standalone cluster = Standalone.start(processes)) {
      Tally tally = cluster.tally();
      TallyProcess replay = tally.startReplayOfStdin(SET, SET.namespace());
      new LineFeed(SET, replay.stdin()).allowAll();
      assertThat(tally.outcome(replay, Duration.ofSeconds(90)).exitCode()).isZero();
      assertDone(tally.run("snapshot", "create", "whole", "--namespace", SET.namespace()));
      assertDone(tally.run("snapshot", "export", "whole", "--to", file.toString()));
      cluster.process().kill9();
    }
    try (ProcessCluster cluster = ProcessCluster.startOfRanges(processes, OTHER_RANGES)) {
      Tally tally = cluster.tally();
      assertDone(tally.run("snapshot", "restore", file.toString(), "--namespace", "elsewhere"));
      TruthChecks checks = new TruthChecks(tally, cluster.api(), processes.directory());
      checks.assertEveryCount(SET, "elsewhere", 1);
      checks.assertTop20(SET, "elsewhere");
    }
  }

  private static void assertDone(Tally.Outcome outcome) {
    assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
  }
}
