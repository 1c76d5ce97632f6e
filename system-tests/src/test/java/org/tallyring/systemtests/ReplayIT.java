package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.process.Processes;

/** Every data set, replayed into one standalone cluster, is counted exactly as it is. */
final class ReplayIT {

  private static final Duration REPLAY_LIMIT = Duration.ofSeconds(60);

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

  @ParameterizedTest
  @EnumSource
  void aReplayedFileIsCountedExactly(DataSet set) {
    Tally tally = cluster.tally();
    String namespace = set.namespace();
    Tally.Outcome created = tally.createArchive(set, namespace);
    assertThat(created.exitCode()).as(created.stderr()).isZero();
    long begun = System.nanoTime();

    Tally.Outcome replay = tally.replay(set, namespace, REPLAY_LIMIT);

    double seconds = (System.nanoTime() - begun) / 1e9;
    Figures.print(
        "replay of %s: %.2f s from the start of the JVM, %.0f increments/s",
        namespace, seconds, set.validRows() / seconds);
    assertThat(replay.exitCode()).as(replay.stderr()).isEqualTo(set.replayExitCode());
    assertThat(replay.lastLine())
        .isEqualTo("recorded %d, duplicate 0, rejected %d", set.validRows(), set.invalidRows());
    TruthChecks checks = new TruthChecks(tally, cluster.api(), processes.directory());
    checks.assertEveryCount(set, namespace, 1);
    checks.assertTop20(set, namespace);
    checks.assertNamedWindows(set, namespace);
  }
}
