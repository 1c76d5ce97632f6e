package org.tallyring.systemtests.chaos;

import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.tallyring.proto.v1.MemberState;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.Topology;
import org.tallyring.systemtests.cluster.ClusterLinks;
import org.tallyring.systemtests.cluster.ProcessCluster;

/** Where faults happen: a running cluster under load, and what can be done to it. */
final class Stage {

  /** The longest that anything may take on a busy machine, far above what is expected. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final int FEWEST_SHARDS = 2;

  private final ProcessCluster cluster;
  private final Workload load;
  private final List<SmallDisk> disks;
  private final Random random;
  private final Set<String> paused = new HashSet<>();

  Stage(ProcessCluster cluster, Workload load, List<SmallDisk> disks, Random random) {
    this.cluster = cluster;
    this.load = load;
    this.disks = disks;
    this.random = random;
  }

  /** Whether a fault can happen here. */
  boolean allows(Fault fault) {
    return fault != Fault.DISK_FULL || !disks.isEmpty();
  }

  ClusterLinks links() {
    return cluster.links();
  }

  List<String> shards() {
    return cluster.shards();
  }

  List<String> bookies() {
    return cluster.names().stream().filter(name -> name.startsWith("bookie")).toList();
  }

  String anyShard() {
    return any(shards());
  }

  String anyBookie() {
    return any(bookies());
  }

  private String any(List<String> names) {
    return names.get(random.nextInt(names.size()));
  }

  /** The shard that decides assignments. */
  String controller() {
    await("a controller")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> shards().contains(cluster.api().topology().getController()));
    return cluster.api().topology().getController();
  }

  List<String> allShardsButOne() {
    List<String> victims = new ArrayList<>(shards());
    victims.remove(random.nextInt(victims.size()));
    return victims;
  }

  /** A time between two. */
  Duration upTo(Duration shortest, Duration longest) {
    return shortest.plusMillis(random.nextLong(longest.minus(shortest).toMillis()));
  }

  /** Lets the fault last. */
  void hold(Duration time) {
    await("the fault to last").pollDelay(time).atMost(time.plus(PATIENCE)).until(() -> true);
  }

  void kill(String name) {
    cluster.role(name).kill9();
  }

  void stop(String name) {
    cluster.stop(name);
  }

  void pause(String name) {
    cluster.role(name).pause();
    paused.add(name);
  }

  void killBookiesButOne() {
    List<String> victims = new ArrayList<>(bookies());
    victims.remove(random.nextInt(victims.size()));
    victims.forEach(this::kill);
  }

  void killCluster() {
    List<String> all = new ArrayList<>(cluster.names());
    all.forEach(this::kill);
  }

  /** Kills shards and waits until others serve all their ranges. */
  void killUntilEvicted(List<String> victims) {
    victims.forEach(this::kill);
    await("ranges of " + victims + " to be served by others")
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(() -> servesWithout(victims, cluster.api().topology()));
  }

  private static boolean servesWithout(List<String> victims, Topology topology) {
    for (RangeOwnership range : topology.getRangesList()) {
      if (!range.getServing()
          || victims.contains(range.getOwner())
          || victims.contains(range.getAssigned())) {
        return false;
      }
    }
    return topology.getRangesCount() > 0;
  }

  /** A shard joins; where there are as many as can be, one leaves instead. */
  void scaleOut() {
    if (shards().size() < ProcessCluster.MOST_SHARDS) {
      cluster.addShard();
    } else {
      scaleIn();
    }
  }

  /** The shard with the highest number leaves; the first stay, since seeds name them. */
  void scaleIn() {
    if (shards().size() > FEWEST_SHARDS) {
      cluster.removeShard("shard-" + shards().size());
    }
  }

  /** One bookie's disk, or all of them. */
  void fillBookieDisk() {
    if (random.nextBoolean()) {
      disks.get(random.nextInt(disks.size())).fill();
    } else {
      disks.forEach(SmallDisk::fill);
    }
    hold(upTo(Duration.ofSeconds(5), Duration.ofSeconds(15)));
  }

  /**
   * Ends what goes on: gives back room, heals links, resumes what is paused, starts what is dead.
   * Returns when the cluster is complete and every range has acknowledged a write since.
   */
  void recover() {
    disks.forEach(SmallDisk::empty);
    links().heal();
    paused.stream()
        .map(cluster::role)
        .forEach(
            process -> {
              if (process.isAlive()) {
                process.resume();
              }
            });
    paused.clear();
    cluster.startAll();
    long complete = load.now();
    await("writes to all ranges to go on")
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50))
        .atMost(PATIENCE)
        .failFast(
            "a process ended", () -> cluster.names().stream().anyMatch(name -> hasEnded(name)))
        .until(() -> load.gaps().allAnsweredAfter(complete));
  }

  /** Waits until every shard has its share of the ranges, and then for so long. */
  void calmDown(Duration time) {
    await("every shard to have its share")
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
        .until(
            () ->
                cluster.api().topology().getShardsList().stream()
                    .allMatch(shard -> shard.getState() == MemberState.MEMBER_STATE_ACTIVE));
    hold(time);
  }

  private boolean hasEnded(String name) {
    return !cluster.role(name).isAlive();
  }
}
