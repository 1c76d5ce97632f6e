package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.ReplayTotals;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;
import org.tallyring.systemtests.proxy.CuttingProxy;

/** Two clients are two; a client whose connections break is one. */
final class TwoClientsIT {

  private static final DataSet SET = DataSet.HIGGS;
  private static final Duration REPLAY_LIMIT = Duration.ofSeconds(90);

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

  @Test
  void aFileReplayedByTwoClientsAtOnceCountsTwice() {
    Tally tally = cluster.tally();
    List<TallyProcess> replays =
        List.of(tally.startReplay(SET, "twice"), tally.startReplay(SET, "twice"));
    for (TallyProcess replay : replays) {
      Tally.Outcome outcome = tally.outcome(replay, REPLAY_LIMIT);
      assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
      assertThat(outcome.lastLine())
          .isEqualTo("recorded %d, duplicate 0, rejected 0", SET.validRows());
    }
    new TruthChecks(tally, cluster.api(), processes.directory()).assertEveryCount(SET, "twice", 2);
  }

  @Test
  void aClientWhoseConnectionsAreCutCountsOnce() {
    long seed = System.nanoTime();
    Tally tally = cluster.tally();
    try (CuttingProxy proxy = new CuttingProxy(seed)) {
      TallyProcess replay = tally.startReplayThrough(proxy.port(), SET, "once");
      Tally.Outcome outcome = tally.outcome(replay, REPLAY_LIMIT);

      Figures.print(
          "connections cut %d times (seed %d): %s", proxy.cuts(), seed, outcome.lastLine());
      assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
      assertThat(proxy.cuts()).as("cuts (seed %d)", seed).isGreaterThanOrEqualTo(10);
      assertThat(ReplayTotals.of(outcome).settled()).isEqualTo(SET.validRows());
      new TruthChecks(tally, cluster.api(), processes.directory()).assertEveryCount(SET, "once", 1);
    }
  }
}
