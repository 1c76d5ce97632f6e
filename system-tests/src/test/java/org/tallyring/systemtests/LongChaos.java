package org.tallyring.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.tallyring.systemtests.chaos.ChaosRun;
import org.tallyring.systemtests.chaos.Fault;
import org.tallyring.systemtests.chaos.GeneratedTraffic;
import org.tallyring.systemtests.chaos.MixedTraffic;
import org.tallyring.systemtests.chaos.ReplayedTraffic;
import org.tallyring.systemtests.chaos.SentJournal;
import org.tallyring.systemtests.chaos.SmallDisk;
import org.tallyring.systemtests.chaos.Traffic;
import org.tallyring.systemtests.chaos.Workload;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.process.Processes;

/**
 * Faults by chance for as long as one likes; run by the Maven profile {@code chaos}, with {@code
 * chaos.duration}, {@code chaos.count}, {@code chaos.seed}, {@code chaos.calm}, {@code
 * chaos.faults}, {@code chaos.rate} and {@code chaos.traffic}.
 */
final class LongChaos {

  private static final String NAMESPACE = "shop";
  private static final Duration BETWEEN_COMPARISONS = Duration.ofMinutes(5);

  @RegisterExtension static final Processes processes = new Processes();

  @Test
  @Timeout(value = 2, unit = TimeUnit.DAYS)
  void everyIncrementCountsOnceWhateverFails() {
    long seed = Long.getLong("chaos.seed", System.nanoTime());
    Duration duration = Duration.parse(System.getProperty("chaos.duration", "PT10M"));
    List<Fault> faults = Fault.parse(System.getProperty("chaos.faults", ""));
    int count = Integer.getInteger("chaos.count", Integer.MAX_VALUE);
    Duration calm = Duration.parse(System.getProperty("chaos.calm", "PT0S"));
    int rate = Integer.getInteger("chaos.rate", 1_000);
    Map<String, Path> directories = new LinkedHashMap<>();
    List<SmallDisk> disks = new ArrayList<>();
    if (faults.contains(Fault.DISK_FULL)) {
      for (int i = 1; i <= ProcessCluster.BOOKIES; i++) {
        String bookie = "bookie-" + i;
        SmallDisk.mount()
            .ifPresent(
                disk -> {
                  disks.add(disk);
                  directories.put(bookie, disk.directory().resolve("data"));
                });
      }
    }
    try (ProcessCluster cluster = ProcessCluster.startWithLinks(processes, directories);
        SentJournal journal = new SentJournal(processes.directory().resolve("sent.tsv"));
        Workload load = Workload.on(cluster, NAMESPACE, journal, traffic(seed), seed, rate)) {
      ChaosRun run = new ChaosRun(cluster, load, journal, NAMESPACE, disks, seed);
      run.calm(calm);
      long end = System.nanoTime() + duration.toNanos();
      while (System.nanoTime() < end && run.faults() < count) {
        Duration left = Duration.ofNanos(end - System.nanoTime());
        run.happen(
            faults, left.compareTo(BETWEEN_COMPARISONS) < 0 ? left : BETWEEN_COMPARISONS, count);
        run.compare("on the way");
        load.start();
      }
      assertThat(run.finish()).as("differences (seed %d)", seed).isEmpty();
    } finally {
      disks.forEach(SmallDisk::close);
    }
  }

  private static Traffic traffic(long seed) {
    String name = System.getProperty("chaos.traffic", "generated");
    return switch (name) {
      case "generated" -> new GeneratedTraffic(seed);
      case "higgs" -> {
        DataSet.assumePresent();
        yield new ReplayedTraffic();
      }
      case "both" -> {
        DataSet.assumePresent();
        yield new MixedTraffic(new GeneratedTraffic(seed), ReplayedTraffic.upToNow());
      }
      default ->
          throw new IllegalArgumentException(
              "chaos.traffic: " + name + " (expected: generated, higgs or both)");
    };
  }
}
