package org.tallyring.systemtests.chaos;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.systemtests.driver.Figures;

/**
 * One run: faults one after the other under load, and the oracle. Not thread-safe.
 *
 * <p>The seed decides which faults happen, to whom and for how long, and what is sent. What it
 * cannot decide is at which moment a fault meets which increment, so a run that failed is repeated
 * with its seed more than once.
 */
public final class ChaosRun {

  /** How a fault went, over all times that it happened. */
  private static final class Row {
    private final List<Long> gapsMillis = new ArrayList<>();

    private int times() {
      return gapsMillis.size();
    }

    private long worstGapMillis() {
      return Collections.max(gapsMillis);
    }
  }

  /** A range without an answer for so long is not served; what it waits for ends sooner. */
  private static final Duration LONG_SILENCE = Duration.ofMinutes(1);

  private final ProcessCluster cluster;
  private final Workload load;
  private final SentJournal journal;
  private final String namespace;
  private final long seed;
  private final Random random;
  private final Stage stage;
  private final Map<Fault, Row> rows = new EnumMap<>(Fault.class);
  private Duration calm = Duration.ZERO;
  private final List<String> wrong = new ArrayList<>();

  /** The most that a comparison has found. */
  private long lost;

  private long doubled;

  /**
   * A run on a cluster whose load has begun.
   *
   * @param disks the disks of bookies that can be filled; may be empty
   */
  public ChaosRun(
      ProcessCluster cluster,
      Workload load,
      SentJournal journal,
      String namespace,
      List<SmallDisk> disks,
      long seed) {
    this.cluster = cluster;
    this.load = load;
    this.journal = journal;
    this.namespace = namespace;
    this.seed = seed;
    random = new Random(seed);
    stage = new Stage(cluster, load, disks, random);
    stage.recover();
    Figures.print(
        "before the first fault: worst write gap %d ms", load.gaps().takeWorst().millis());
  }

  /**
   * Leaves the cluster alone before each fault, for so long after every shard has its share; not at
   * all if that is zero, so that faults also meet ranges on the move.
   */
  public void calm(Duration time) {
    calm = time;
  }

  /**
   * Waits until every shard has its share of the ranges, and leaves the cluster alone for a bit.
   */
  public void calmDown() {
    stage.calmDown(calm);
  }

  /** Lets a fault happen, and waits until it is over. */
  public void happen(Fault fault) {
    if (!calm.isZero()) {
      stage.calmDown(calm);
      load.gaps().takeWorst();
    }
    long begun = load.now();
    Instant at = Instant.now();
    long answered = load.answeredReads();
    long unanswered = load.unansweredReads();
    try {
      fault.happen(stage);
      stage.recover();
    } catch (RuntimeException | AssertionError failed) {
      throw brokenOff(fault, begun, failed);
    }
    WriteGaps.Gap gap = load.gaps().takeWorst();
    rows.computeIfAbsent(fault, first -> new Row()).gapsMillis.add(gap.millis());
    Figures.print(
        "%s at %s: %d ms, worst write gap %s, reads: %d answered, %d not",
        fault.text(),
        at,
        (load.now() - begun) / 1_000_000,
        gap.since(begun),
        load.answeredReads() - answered,
        load.unansweredReads() - unanswered);
  }

  /**
   * The cluster did not get over a fault. Nothing can be compared then, since some ranges are not
   * served, so everything acknowledged that belongs to them is as good as lost.
   */
  private AssertionError brokenOff(Fault fault, long begun, Throwable cause) {
    long now = load.now();
    int[] silent = load.gaps().silentSince(Math.max(begun, now - LONG_SILENCE.toNanos()));
    rows.computeIfAbsent(fault, first -> new Row()).gapsMillis.add((now - begun) / 1_000_000);
    lost = Math.max(lost, load.acknowledgedIn(Arrays.stream(silent)));
    lastLine(faults(), load.acknowledged());
    return new AssertionError(
        "fault: %s, seed %d, ranges that have been silent since it began or for long: %s"
            .formatted(fault.text(), seed, Arrays.toString(silent)),
        cause);
  }

  /** How many faults have happened. */
  public int faults() {
    return rows.values().stream().mapToInt(Row::times).sum();
  }

  /**
   * Lets faults happen by chance, each by its weight, until the time is over or there were enough.
   *
   * @param atMost how many faults are enough, with those that happened before
   */
  public void happen(List<Fault> faults, Duration time, int atMost) {
    List<Fault> possible = faults.stream().filter(stage::allows).toList();
    if (possible.isEmpty()) {
      throw new IllegalArgumentException("faults: " + faults + " (expected: some possible here)");
    }
    int weights = possible.stream().mapToInt(Fault::weight).sum();
    long end = load.now() + time.toNanos();
    while (load.now() < end && faults() < atMost) {
      int draw = random.nextInt(weights);
      int next = 0;
      while (draw >= possible.get(next).weight()) {
        draw -= possible.get(next).weight();
        next++;
      }
      happen(possible.get(next));
    }
  }

  /**
   * Pauses the load and compares everything, counts with what was sent and states with a replay of
   * their journals; what differs is remembered, and printed.
   */
  public Verdict compare(String when) {
    load.settle();
    Verdict verdict =
        Oracle.compare(journal, new ClusterCounts(load.client(), cluster.api(), namespace));
    verdict.differences().forEach(difference -> note(when + ": " + difference));
    Replays.differences(cluster.api()).forEach(difference -> note(when + ": " + difference));
    lost = Math.max(lost, verdict.lost());
    doubled = Math.max(doubled, verdict.doubled());
    if (verdict.refused() > 0) {
      note(when + ": " + verdict.refused() + " increments refused (expected: none)");
    }
    Figures.print(
        "%s: compared %d increments: in doubt %d, lost %d, doubled %d",
        when, verdict.increments(), verdict.inDoubt(), verdict.lost(), verdict.doubled());
    return verdict;
  }

  private void note(String difference) {
    System.out.println("difference: " + difference);
    wrong.add(difference);
  }

  /**
   * Compares, kills the whole cluster, starts it again on what it left behind and compares again;
   * then prints the figures and the last line.
   *
   * @return what is wrong; empty if nothing is
   */
  public List<String> finish() {
    compare("at the end");
    stage.killCluster();
    cluster.startAll();
    Verdict after = compare("after the restart");
    load.wrongReads().forEach(this::note);
    rows.forEach(
        (fault, row) ->
            Figures.print(
                "%s: happened %d times, write gaps %s ms",
                fault.text(), row.times(), row.gapsMillis.stream().sorted().toList()));
    Figures.print("reads: %d answered, %d not", load.answeredReads(), load.unansweredReads());
    lastLine(faults() + 1, after.increments());
    return List.copyOf(wrong);
  }

  private void lastLine(int faults, long increments) {
    long gap = rows.values().stream().mapToLong(Row::worstGapMillis).max().orElse(0);
    System.out.println(
        String.format(
            Locale.ROOT,
            "chaos: seed=%d faults=%d increments=%d lost=%d doubled=%d worst_write_gap_ms=%d",
            seed,
            faults,
            increments,
            lost,
            doubled,
            gap));
  }
}
