package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.chaos.ChaosRun;
import org.tallyring.systemtests.chaos.Fault;
import org.tallyring.systemtests.chaos.GeneratedTraffic;
import org.tallyring.systemtests.chaos.SentJournal;
import org.tallyring.systemtests.chaos.Workload;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.process.Processes;

/** The faults that say most for their time, then some by chance; the others are in LongChaos. */
final class ChaosIT {

  private static final List<Fault> ALWAYS = List.of(Fault.KILL_CONTROLLER);

  /** Those that are over in a few seconds. */
  private static final List<Fault> BY_CHANCE =
      List.of(
          Fault.BOUNCE_SHARD,
          Fault.CUT_SHARD_FROM_BOOKIES,
          Fault.CUT_CLIENTS_FROM_SHARD,
          Fault.PAUSE_SHARD_BRIEFLY);

  private static final String NAMESPACE = "shop";
  private static final int PER_SECOND = 1_000;

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void everyIncrementCountsOnceWhateverFails() {
    long seed = Long.getLong("chaos.seed", System.nanoTime());
    try (ProcessCluster cluster = ProcessCluster.startWithLinks(processes, Map.of());
        SentJournal journal = new SentJournal(processes.directory().resolve("sent.tsv"));
        Workload load =
            Workload.on(
                cluster, NAMESPACE, journal, new GeneratedTraffic(seed), seed, PER_SECOND)) {
      ChaosRun run = new ChaosRun(cluster, load, journal, NAMESPACE, List.of(), seed);
      ALWAYS.forEach(run::happen);
      run.happen(BY_CHANCE, Duration.ofSeconds(1), Integer.MAX_VALUE);
      assertThat(run.finish()).as("differences (seed %d)", seed).isEmpty();
    }
  }
}
