package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.LineFeed;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/**
 * A namespace is saved while it is written to, and comes back, in place and from a file beside it.
 */
final class BackupIT {

  private static final DataSet SET = DataSet.BMS_WEBVIEW_2;

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  void whatWasSavedComesBackWholeHereAndElsewhere() {
    DataSet.assumePresent();
    Path file = processes.directory().resolve("whole.tally");
    try (Standalone cluster = Standalone.start(processes)) {
      Tally tally = cluster.tally();
      TallyProcess replay = tally.startReplayOfStdin(SET, SET.namespace());
      LineFeed feed = new LineFeed(SET, replay.stdin());
      feed.allow(SET.validRows() / 2);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> cluster.api().increments() >= SET.validRows() / 4);
      feed.allowAll();
      Tally.Outcome during =
          tally.run("snapshot", "create", "during", "--namespace", SET.namespace());
      assertThat(during.exitCode()).as(during.stderr()).isZero();
      assertThat(tally.outcome(replay, Duration.ofSeconds(90)).exitCode()).isZero();
      Tally.Outcome whole =
          tally.run("snapshot", "create", "whole", "--namespace", SET.namespace());
      assertThat(whole.exitCode()).as(whole.stderr()).isZero();
      assertThat(tally.run("snapshot", "export", "whole", "--to", file.toString()).exitCode())
          .isZero();

      // Half of it, in its place; and then all of it again.
      assertThat(tally.run("snapshot", "restore", "during").exitCode()).isZero();
      assertThat(tally.run("snapshot", "restore", "whole").exitCode()).isZero();
      new TruthChecks(tally, cluster.api(), processes.directory())
          .assertEveryCount(SET, SET.namespace(), 1);

      cluster.process().kill9();
      cluster.restart();
      Tally.Outcome elsewhere =
          tally.run("snapshot", "restore", file.toString(), "--namespace", "elsewhere");
      assertThat(elsewhere.exitCode()).as(elsewhere.stderr()).isZero();
      TruthChecks checks = new TruthChecks(tally, cluster.api(), processes.directory());
      checks.assertEveryCount(SET, SET.namespace(), 1);
      checks.assertEveryCount(SET, "elsewhere", 1);
      checks.assertTop20(SET, "elsewhere");
    }
  }
}
