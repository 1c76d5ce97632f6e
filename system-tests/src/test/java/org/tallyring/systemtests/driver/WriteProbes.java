package org.tallyring.systemtests.driver;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.Increment;
import org.tallyring.client.TallyringClient;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.Topology;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Writes every 50 ms to one key in each range of one shard, with the client library as a service
 * would, and remembers when the writes were acknowledged. A key has one write under way at a time,
 * so the longest time between two of its acknowledgements is how long writes to its range stood
 * still (and up to 50 ms more: the measure errs against us).
 */
public final class WriteProbes implements AutoCloseable {

  private static final String METRIC = "clicks";
  private static final Duration PERIOD = Duration.ofMillis(50);

  private final TallyringClient client;
  private final List<Probe> probes = new ArrayList<>();
  private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();

  /**
   * Begins to write.
   *
   * @param servers where the client finds the cluster
   * @param namespace where it writes; has the metric {@code clicks}
   * @param topology says which ranges the shard owns
   * @param owner the shard
   */
  public WriteProbes(List<String> servers, String namespace, Topology topology, String owner) {
    client = TallyringClient.builder().servers(servers).namespace(namespace).build();
    for (String key : keysOf(namespace, topology, owner)) {
      probes.add(new Probe(key));
    }
    ticks.scheduleAtFixedRate(
        () -> probes.forEach(Probe::write), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static List<String> keysOf(String namespace, Topology topology, String owner) {
    Set<Integer> wanted = new HashSet<>();
    for (RangeOwnership range : topology.getRangesList()) {
      if (range.getOwner().equals(owner)) {
        wanted.add(range.getRangeId());
      }
    }
    RangeTable table = new RangeTable(topology.getRangeCount());
    KeyHash hash = new KeyHash(namespace);
    List<String> keys = new ArrayList<>();
    for (int i = 0; !wanted.isEmpty(); i++) {
      String key = "probe-" + i;
      if (wanted.remove(table.rangeOf(hash.hash(key.getBytes(StandardCharsets.UTF_8))))) {
        keys.add(key);
      }
    }
    return keys;
  }

  /** The writes to one key. */
  private final class Probe {
    private final String key;
    private boolean underWay;
    private long acknowledged;
    private long lastAt = System.nanoTime();
    private long longestGap;
    private @Nullable Throwable failure;

    Probe(String key) {
      this.key = key;
    }

    synchronized void write() {
      if (!underWay && failure == null) {
        underWay = true;
        client
            .recordAsync(Increment.of(METRIC, key))
            .whenComplete((result, failed) -> ended(failed));
      }
    }

    private synchronized void ended(@Nullable Throwable failed) {
      underWay = false;
      if (failed == null) {
        acknowledged++;
        long now = System.nanoTime();
        longestGap = Math.max(longestGap, now - lastAt);
        lastAt = now;
      } else {
        failure = failed;
      }
    }

    private synchronized void forgetGaps() {
      longestGap = 0;
    }

    private synchronized long longestGapMillis() {
      return longestGap / 1_000_000;
    }

    private synchronized boolean wasAcknowledgedAfter(long nanoTime) {
      return lastAt - nanoTime > 0;
    }
  }

  /** How many ranges are written to. */
  public int ranges() {
    return probes.size();
  }

  /** Measures gaps from now on; a gap that has begun counts from its beginning. */
  public void forgetGaps() {
    probes.forEach(Probe::forgetGaps);
  }

  /** The longest gap of each range, the shortest of them first. */
  public List<Long> gapsMillis() {
    return probes.stream().map(Probe::longestGapMillis).sorted().toList();
  }

  /** Whether every range has acknowledged a write since that moment. */
  public boolean allAcknowledgedAfter(long nanoTime) {
    return probes.stream().allMatch(probe -> probe.wasAcknowledgedAfter(nanoTime));
  }

  /** How many writes were acknowledged, over all ranges. */
  public long acknowledged() {
    long sum = 0;
    for (Probe probe : probes) {
      synchronized (probe) {
        sum += probe.acknowledged;
      }
    }
    return sum;
  }

  /**
   * Ends the writing, and says what is wrong with its result: failures, and keys that were not
   * counted exactly as often as they were acknowledged.
   */
  public List<String> finish() {
    stopTicks();
    client.flush();
    List<String> wrong = new ArrayList<>();
    for (Probe probe : probes) {
      synchronized (probe) {
        long counted = client.count(METRIC, probe.key);
        if (probe.failure != null || probe.underWay || counted != probe.acknowledged) {
          wrong.add(
              String.format(
                  "%s: counted %d, acknowledged %d, failure %s",
                  probe.key, counted, probe.acknowledged, probe.failure));
        }
      }
    }
    return wrong;
  }

  private void stopTicks() {
    ticks.shutdown();
    try {
      if (!ticks.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new AssertionError("probes: still writing after 10 s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  @Override
  public void close() {
    ticks.shutdownNow();
    client.close();
  }
}
