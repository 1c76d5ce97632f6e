package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.Topology;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.driver.Tally;
import org.tallyring.systemtests.driver.WriteProbes;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** Shards are emptied, stopped and started again while their ranges are written to. */
final class DrainIT {

  private static final Duration MOMENT = Duration.ofSeconds(1);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  void aShardIsDrainedStoppedAndStartedAgainWhileItIsWrittenTo() {
    try (ProcessCluster cluster = ProcessCluster.start(processes)) {
      Tally tally = cluster.tally();
      try (WriteProbes probes =
          new WriteProbes(
              cluster.shardAddresses(), "default", cluster.api().topology(), "shard-2")) {
        awaitWritten(probes);
        probes.forgetGaps();

        Tally.Outcome drain = tally.run("drain", "shard-2");
        assertThat(drain.exitCode()).as(drain.stderr()).isZero();
        assertThat(drain.stdout()).isEqualTo("shard-2 is empty and may be stopped\n");
        assertThat(naming(cluster.api().topology(), "shard-2")).isZero();
        awaitWritten(probes);
        printGaps("shard-2 drained", probes);
        assertThat(tally.run("shards", "--output", "tsv").lines().get(1))
            .startsWith("shard-2\t")
            .matches(".*\t0\t(true|false)\tDRAINING");
        assertThat(tally.run("drain", "shard-7").exitCode()).isEqualTo(1);

        assertThat(cluster.role("shard-2").terminate()).as("exit code").isZero();
        TallyProcess again = start("shard-2");
        again.awaitOutput("shard-2 is ready", LIMIT);
        awaitShare(cluster, "shard-2");
        awaitWritten(probes);

        // Told to stop without a word before: it hands its ranges on by itself.
        probes.forgetGaps();
        assertThat(again.terminate()).as("exit code").isZero();
        await("shard-2 to be named nowhere")
            .pollInterval(Duration.ofMillis(20))
            .atMost(MOMENT)
            .until(() -> naming(cluster.api().topology(), "shard-2") == 0);
        assertThat(again.stdout()).doesNotContain("not handed on");
        awaitWritten(probes);
        printGaps("shard-2 told to stop", probes);
        assertThat(tally.run("shards", "--output", "tsv").lines())
            .last()
            .asString()
            .startsWith("shard-2\t")
            .endsWith("LEFT");

        assertThat(probes.finish()).as("probes that were not counted exactly once").isEmpty();
      }
    }
  }

  private static TallyProcess start(String shard) {
    return processes.start(
        shard,
        List.of("-Xmx256m"),
        List.of(
            "shard-server", "--config", processes.directory().resolve(shard + ".conf").toString()));
  }

  private static long naming(Topology topology, String shard) {
    return topology.getRangesList().stream()
        .filter(range -> range.getOwner().equals(shard) || range.getAssigned().equals(shard))
        .count();
  }

  private static void awaitShare(ProcessCluster cluster, String shard) {
    await(shard + " to get its share back")
        .pollInterval(Duration.ofMillis(50))
        .atMost(LIMIT)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(
            () ->
                cluster.api().topology().getRangesList().stream()
                        .filter(RangeOwnership::getServing)
                        .filter(range -> range.getOwner().equals(shard))
                        .count()
                    >= 21);
  }

  private static void awaitWritten(WriteProbes probes) {
    long now = System.nanoTime();
    await("a write to each range")
        .pollInterval(Duration.ofMillis(20))
        .atMost(LIMIT)
        .until(() -> probes.allAcknowledgedAfter(now));
  }

  private static void printGaps(String what, WriteProbes probes) {
    List<Long> gaps = probes.gapsMillis();
    Figures.print(
        "%s: writes to %d ranges stood still for %d ms (median), %d ms (longest)",
        what, gaps.size(), gaps.get(gaps.size() / 2), gaps.get(gaps.size() - 1));
  }
}
