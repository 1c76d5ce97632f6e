package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.v1.Topology;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.LineFeed;
import org.tallyring.systemtests.driver.ReplayTotals;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.TruthChecks;
import org.tallyring.systemtests.driver.WriteProbes;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** A shard dies in the middle of a replay, and later a bookie. */
final class ShardAndBookieLossIT {

  private static final DataSet SET = DataSet.HIGGS;
  private static final int THIRD = SET.validRows() / 3;
  private static final String PROBED = "probed";

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  void aReplayOutlivesAShardAndABookieAndCountsOnce() {
    DataSet.assumePresent();
    try (ProcessCluster cluster = ProcessCluster.start(processes)) {
      Tally tally = cluster.tally();
      Topology topology = cluster.api().topology();
      // The shard that also decides who takes its ranges: the harder one to lose.
      String victim = topology.getController();
      assertThat(victim).as("controller").isNotEmpty();
      assertThat(tally.run("namespace", "create", PROBED).exitCode()).isZero();
      try (WriteProbes probes =
          new WriteProbes(cluster.shardAddresses(), PROBED, topology, victim)) {
        TallyProcess replay = tally.startReplayOfStdin(SET, SET.namespace());
        LineFeed feed = new LineFeed(SET, replay.stdin());
        feed.allow(THIRD);
        awaitReplayed(cluster, probes, THIRD / 2);
        await("probes of " + probes.ranges() + " ranges")
            .until(() -> probes.allAcknowledgedAfter(System.nanoTime() - 1_000_000_000L));

        loseShard(cluster, victim, probes);
        assertThat(replay.isAlive()).as("the replay goes on without " + victim).isTrue();

        feed.allow(THIRD);
        awaitReplayed(cluster, probes, THIRD + 1_000);
        loseBookie(cluster, probes);
        assertThat(replay.isAlive()).as("the replay goes on without a bookie").isTrue();

        feed.allowAll();
        Tally.Outcome outcome = tally.outcome(replay, Duration.ofSeconds(90));

        Figures.print("shard and bookie killed: the replay ended with: %s", outcome.lastLine());
        assertThat(outcome.exitCode()).as(outcome.stderr()).isZero();
        assertThat(feed.isDone()).as("the whole file was read").isTrue();
        assertThat(ReplayTotals.of(outcome).settled()).isEqualTo(SET.validRows());
        TruthChecks checks = new TruthChecks(tally, processes.directory());
        checks.assertEveryCount(SET, SET.namespace(), 1);
        checks.assertTop20(SET, SET.namespace());
        assertThat(probes.finish()).as("probes that were not counted exactly once").isEmpty();
      }
    }
  }

  private static void loseShard(ProcessCluster cluster, String victim, WriteProbes probes) {
    probes.forgetGaps();
    cluster.role(victim).kill9();
    awaitResumed(probes, System.nanoTime());
    printGaps(victim + " killed (it was the controller)", probes);
    Figures.print(
        "of which %d ms are the time-out of its session",
        ProcessCluster.SESSION_TIMEOUT.toMillis());
  }

  private static void loseBookie(ProcessCluster cluster, WriteProbes probes) {
    probes.forgetGaps();
    cluster.role("bookie-2").kill9();
    awaitResumed(probes, System.nanoTime());
    printGaps("bookie-2 killed", probes);
  }

  private static void awaitResumed(WriteProbes probes, long killedAt) {
    await("writes to all ranges to resume")
        .pollInterval(Duration.ofMillis(50))
        .atMost(Duration.ofSeconds(60))
        .until(() -> probes.allAcknowledgedAfter(killedAt));
  }

  private static void printGaps(String what, WriteProbes probes) {
    List<Long> gaps = probes.gapsMillis();
    Figures.print(
        "%s: writes to %d ranges stood still for %d ms (median), %d ms (longest)",
        what, gaps.size(), gaps.get(gaps.size() / 2), gaps.get(gaps.size() - 1));
  }

  /** Waits until so many increments of the replay are counted; those of the probes do not help. */
  private static void awaitReplayed(ProcessCluster cluster, WriteProbes probes, long atLeast) {
    await(atLeast + " replayed increments")
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> cluster.api().increments() - probes.acknowledged() >= atLeast);
  }
}
