package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.systemtests.chaos.ChaosRun;
import org.tallyring.systemtests.chaos.Fault;
import org.tallyring.systemtests.chaos.GeneratedTraffic;
import org.tallyring.systemtests.chaos.SentJournal;
import org.tallyring.systemtests.chaos.Workload;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.driver.Figures;
import org.tallyring.systemtests.process.Processes;

/**
 * From three shards to five and down to two, while increments come in: what moves each time, how
 * even the shares are then, and that everything counts once. Run by {@code -Pchaos
 * -Dit.test=ScaleRun}.
 */
final class ScaleRun {

  private static final List<Fault> STEPS =
      List.of(Fault.SCALE_OUT, Fault.SCALE_OUT, Fault.SCALE_IN, Fault.SCALE_IN, Fault.SCALE_IN);

  private static final String NAMESPACE = "shop";
  private static final double MOST_OF_AVERAGE = 1.1;

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void aShardThatJoinsOrLeavesMovesItsShareAndNothingIsLost() {
    long seed = Long.getLong("chaos.seed", System.nanoTime());
    int rate = Integer.getInteger("chaos.rate", 1_000);
    try (ProcessCluster cluster = ProcessCluster.startWithLinks(processes, Map.of());
        SentJournal journal = new SentJournal(processes.directory().resolve("sent.tsv"));
        Workload load =
            Workload.on(cluster, NAMESPACE, journal, new GeneratedTraffic(seed), seed, rate)) {
      ChaosRun run = new ChaosRun(cluster, load, journal, NAMESPACE, List.of(), seed);
      run.calm(Duration.ofSeconds(1));
      run.calmDown();
      Map<Integer, String> owners = owners(cluster);
      for (Fault step : STEPS) {
        int shardsBefore = cluster.shards().size();
        run.happen(step);
        run.calmDown();
        Map<Integer, String> after = owners(cluster);
        int moved = moved(owners, after);
        assertThatItWasItsShare(after, shardsBefore, cluster.shards().size(), moved);
        owners = after;
      }
      assertThat(run.finish()).as("differences (seed %d)", seed).isEmpty();
    }
  }

  /** Who leaves has had 1/N of the ranges, and who joins gets 1/(N+1). */
  private static void assertThatItWasItsShare(
      Map<Integer, String> owners, int shardsBefore, int shards, int moved) {
    Map<String, Integer> shares = new HashMap<>();
    owners.values().forEach(owner -> shares.merge(owner, 1, Integer::sum));
    int most = Collections.max(shares.values());
    double average = (double) owners.size() / shards;
    Figures.print(
        "from %d to %d shards: %d of %d ranges moved, shares %s, the largest %.2f of the average",
        shardsBefore, shards, moved, owners.size(), shares.values(), most / average);
    assertThat(shares).hasSize(shards);
    assertThat(most).isLessThanOrEqualTo((int) Math.ceil(MOST_OF_AVERAGE * average));
    double share = (double) owners.size() / Math.max(shards, shardsBefore);
    assertThat(moved).isBetween((int) (share / MOST_OF_AVERAGE), (int) Math.ceil(share * 1.25));
  }

  private static int moved(Map<Integer, String> before, Map<Integer, String> after) {
    return (int)
        after.entrySet().stream()
            .filter(range -> !Objects.equals(before.get(range.getKey()), range.getValue()))
            .count();
  }

  private static Map<Integer, String> owners(ProcessCluster cluster) {
    Map<Integer, String> owners = new HashMap<>();
    for (RangeOwnership range : cluster.api().topology().getRangesList()) {
      owners.put(range.getRangeId(), range.getOwner());
    }
    return owners;
  }
}
