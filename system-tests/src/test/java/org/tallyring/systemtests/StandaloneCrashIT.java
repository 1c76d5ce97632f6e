package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.cluster.Standalone;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.LineFeed;
import org.tallyring.systemtests.driver.ReplayTotals;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** The whole cluster dies in the middle of a replay and comes back. */
final class StandaloneCrashIT {

  private static final DataSet SET = DataSet.HIGGS;
  private static final int THIRD = SET.validRows() / 3;

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  void aReplayOutlivesTheClusterAndCountsOnce() {
    DataSet.assumePresent();
    try (Standalone cluster = Standalone.start(processes)) {
      Tally tally = cluster.tally();
      TallyProcess replay = tally.startReplayOfStdin(SET, SET.namespace());
      LineFeed feed = new LineFeed(SET, replay.stdin());
      feed.allow(THIRD);
      awaitIncrements(cluster, THIRD / 2);

      // The second third is on its way when the cluster dies; the last cannot have been counted.
      feed.allow(THIRD);
      awaitIncrements(cluster, THIRD + 1_000);
      long counted = cluster.api().increments();
      cluster.process().kill9();
      long died = System.nanoTime();
      feed.allowAll();
      assertThat(counted).as("counted at the kill").isBetween(1L, 2L * THIRD);
      assertThat(replay.isAlive()).as("the replay goes on without the cluster").isTrue();

      cluster.restart();
      long ready = System.nanoTime();
      Tally.Outcome outcome = tally.outcome(replay, Duration.ofSeconds(90));

      Figures.print(
          "standalone killed with %d of %d increments counted: ready again after %d ms, replay done"
              + " after %d ms",
          counted, SET.validRows(), millis(died, ready), millis(died, System.nanoTime()));
      Figures.print("standalone killed: the replay ended with: %s", outcome.lastLine());
      assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
      assertThat(feed.isDone()).as("the whole file was read").isTrue();
      assertThat(ReplayTotals.of(outcome).settled()).isEqualTo(SET.validRows());
      TruthChecks checks = new TruthChecks(tally, cluster.api(), processes.directory());
      checks.assertEveryCount(SET, SET.namespace(), 1);
      checks.assertTop20(SET, SET.namespace());
    }
  }

  private static void awaitIncrements(Standalone cluster, long atLeast) {
    await(atLeast + " increments")
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .atMost(Duration.ofSeconds(60))
        .until(() -> cluster.api().increments() >= atLeast);
  }

  private static long millis(long from, long to) {
    return (to - from) / 1_000_000;
  }
}
