package org.tallyring.systemtests.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.tallyring.systemtests.proxy.Link;

/**
 * What can go wrong. Each happens under load, lasts as long as it does, and is over when {@link
 * Stage#recover} has brought back everything and all ranges are written to again.
 */
public enum Fault {
  /** A shard is killed, and started again when others serve its ranges. */
  KILL_SHARD(8, stage -> stage.killUntilEvicted(List.of(stage.anyShard()))),
  /** The shard that decides who takes over is the one that is killed. */
  KILL_CONTROLLER(6, stage -> stage.killUntilEvicted(List.of(stage.controller()))),
  /** A shard is killed and started again at once. */
  BOUNCE_SHARD(6, stage -> stage.kill(stage.anyShard())),
  /** All shards but one are killed. */
  KILL_SHARDS_BUT_ONE(3, stage -> stage.killUntilEvicted(stage.allShardsButOne())),
  /** The aggregator is killed. */
  KILL_AGGREGATOR(2, stage -> stage.kill("aggregator")),
  /** A bookie is killed. */
  KILL_BOOKIE(
      6,
      stage -> {
        stage.kill(stage.anyBookie());
        stage.hold(Duration.ofSeconds(3));
      }),
  /** Two bookies of three are killed: nothing can be written until one is back. */
  KILL_BOOKIES_BUT_ONE(
      3,
      stage -> {
        stage.killBookiesButOne();
        stage.hold(Duration.ofSeconds(5));
      }),
  /** ZooKeeper is killed. */
  KILL_ZOOKEEPER(
      4,
      stage -> {
        stage.kill("zookeeper");
        stage.hold(stage.upTo(Duration.ofSeconds(2), Duration.ofSeconds(10)));
      }),
  /** A shard and a bookie are killed at once. */
  KILL_SHARD_AND_BOOKIE(
      4,
      stage -> {
        stage.kill(stage.anyBookie());
        stage.killUntilEvicted(List.of(stage.anyShard()));
      }),
  /** A bookie is killed while ZooKeeper, which keeps who has which entry, is stopped. */
  KILL_BOOKIE_WITHOUT_ZOOKEEPER(
      3,
      stage -> {
        stage.pause("zookeeper");
        stage.kill(stage.anyBookie());
        stage.hold(stage.upTo(Duration.ofSeconds(1), Duration.ofSeconds(8)));
      }),
  /** A shard and ZooKeeper are killed at once. */
  KILL_SHARD_AND_ZOOKEEPER(
      3,
      stage -> {
        stage.kill("zookeeper");
        stage.kill(stage.anyShard());
        stage.hold(Duration.ofSeconds(2));
      }),
  /** Everything is killed at once. */
  KILL_CLUSTER(2, Stage::killCluster),
  /** A shard is stopped for longer than its session lives, and goes on as if nothing had been. */
  PAUSE_SHARD(
      6,
      stage -> {
        stage.pause(stage.anyShard());
        stage.hold(stage.upTo(Duration.ofSeconds(4), Duration.ofSeconds(12)));
      }),
  /** The same for 40 seconds. */
  PAUSE_SHARD_40S(
      1,
      stage -> {
        stage.pause(stage.anyShard());
        stage.hold(Duration.ofSeconds(40));
      }),
  /** A shard is stopped for less than its session lives. */
  PAUSE_SHARD_BRIEFLY(
      4,
      stage -> {
        stage.pause(stage.anyShard());
        stage.hold(Duration.ofSeconds(1));
      }),
  /** A bookie is stopped: it keeps its connections and acknowledges nothing. */
  PAUSE_BOOKIE(
      4,
      stage -> {
        stage.pause(stage.anyBookie());
        stage.hold(stage.upTo(Duration.ofSeconds(3), Duration.ofSeconds(12)));
      }),
  /** ZooKeeper is stopped, and goes on. */
  PAUSE_ZOOKEEPER(
      4,
      stage -> {
        stage.pause("zookeeper");
        stage.hold(stage.upTo(Duration.ofSeconds(1), Duration.ofSeconds(8)));
      }),
  /** A shard cannot reach ZooKeeper, but everything else, and loses its session. */
  CUT_SHARD_FROM_ZOOKEEPER(
      6,
      stage -> {
        stage.links().zookeeper(stage.anyShard()).cut();
        stage.hold(stage.upTo(Duration.ofSeconds(3), Duration.ofSeconds(10)));
      }),
  /** A shard cannot reach the bookies, but ZooKeeper, so it stays the owner. */
  CUT_SHARD_FROM_BOOKIES(
      5,
      stage -> {
        stage.links().bookies(stage.anyShard()).forEach(Link::cut);
        stage.hold(stage.upTo(Duration.ofSeconds(2), Duration.ofSeconds(10)));
      }),
  /** A shard cannot reach one of the bookies. */
  CUT_SHARD_FROM_BOOKIE(
      4,
      stage -> {
        stage.links().bookies(stage.anyShard()).get(0).cut();
        stage.hold(stage.upTo(Duration.ofSeconds(2), Duration.ofSeconds(10)));
      }),
  /** Clients cannot reach a shard, which everybody else can. */
  CUT_CLIENTS_FROM_SHARD(
      5,
      stage -> {
        stage.links().clients(stage.anyShard()).cut();
        stage.hold(stage.upTo(Duration.ofSeconds(2), Duration.ofSeconds(10)));
      }),
  /** The bookies are slow: 100 ms more for all that goes to them or comes from them. */
  SLOW_BOOKIES(
      3,
      stage -> {
        for (String shard : stage.shards()) {
          stage.links().bookies(shard).forEach(link -> link.delay(Duration.ofMillis(100)));
        }
        stage.hold(Duration.ofSeconds(5));
      }),
  /** A bookie's disk is full, and has room again. Only where a file system can be mounted. */
  DISK_FULL(2, Stage::fillBookieDisk),
  /** Each shard is asked to end, and started again when it has. */
  ROLLING_RESTART(
      2,
      stage -> {
        for (String shard : stage.shards()) {
          stage.stop(shard);
          stage.recover();
        }
      }),
  /** Each bookie is asked to end, and started again when it has. */
  ROLLING_RESTART_OF_BOOKIES(
      2,
      stage -> {
        for (String bookie : stage.bookies()) {
          stage.stop(bookie);
          stage.recover();
        }
      }),
  /** A shard joins. */
  SCALE_OUT(4, Stage::scaleOut),
  /** A shard is asked to end and does not come back; at three, one joins first. */
  SCALE_IN(
      4,
      stage -> {
        if (stage.shards().size() <= 2) {
          stage.scaleOut();
          stage.recover();
        }
        stage.scaleIn();
      }),
  /** A bookie is killed while ranges move to a shard that joins. */
  SCALE_OUT_AND_KILL_BOOKIE(
      3,
      stage -> {
        stage.scaleOut();
        stage.kill(stage.anyBookie());
      }),
  /** The controller is killed while ranges move to a shard that joins. */
  SCALE_OUT_AND_KILL_CONTROLLER(
      3,
      stage -> {
        String controller = stage.controller();
        stage.scaleOut();
        stage.kill(controller);
      });

  private final int weight;
  private final Consumer<Stage> course;

  Fault(int weight, Consumer<Stage> course) {
    this.weight = weight;
    this.course = course;
  }

  /** How often it happens in a random schedule, relative to others. */
  int weight() {
    return weight;
  }

  void happen(Stage stage) {
    course.accept(stage);
  }

  /** Its name on a command line, for example {@code kill-shard}. */
  String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The faults of a list of names.
   *
   * @param names separated by commas; empty for all
   */
  public static List<Fault> parse(String names) {
    if (names.isEmpty()) {
      return List.of(values());
    }
    return Stream.of(names.split(",")).map(Fault::ofText).toList();
  }

  private static Fault ofText(String text) {
    return Stream.of(values())
        .filter(fault -> fault.text().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "fault: "
                        + text
                        + " (expected: one of "
                        + Stream.of(values()).map(Fault::text).toList()
                        + ")"));
  }
}
