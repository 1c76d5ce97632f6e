package org.tallyring.cli;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.output.TaskProgress;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.proto.v1.TopologyServiceGrpc;

/** Waits while ranges move. Used by one thread. */
final class RangeMoves {

  private static final Duration POLL = Duration.ofMillis(200);

  /** What a look may take that begins just before the time is up. */
  private static final Duration LAST_LOOK = Duration.ofSeconds(5);

  private final Console console;
  private final ServerConnection connection;
  private final long giveUpAt;
  private final Duration limit;

  /**
   * Nothing is waited for yet.
   *
   * @param limit for how long in all
   */
  RangeMoves(Console console, ServerConnection connection, Duration limit) {
    this.console = console;
    this.connection = connection;
    this.limit = limit;
    this.giveUpAt = System.nanoTime() + limit.toNanos();
  }

  /**
   * Waits until a count of ranges is 0, and shows how far it is.
   *
   * @param task what is waited for, for the bar and the failure
   * @param left counts
   * @return the highest count
   * @throws CliException if the time is up, or the server is away for as long
   */
  int await(String task, ToIntFunction<Topology> left) {
    int now = left.applyAsInt(topology());
    int total = now;
    try (TaskProgress progress =
        TaskProgress.of(task, "ranges", console.terminal().err(), System.err)) {
      progress.at(0, total);
      while (now > 0) {
        if (System.nanoTime() - giveUpAt >= 0) {
          throw CliException.failed(
              task + ": " + now + " ranges left after " + limit.toSeconds() + " s; it goes on");
        }
        LockSupport.parkNanos(POLL.toNanos());
        if (Thread.currentThread().isInterrupted()) {
          throw CliException.failed("interrupted");
        }
        now = left.applyAsInt(topology());
        total = Math.max(total, now);
        progress.at(total - now, total);
      }
    }
    return total;
  }

  private Topology topology() {
    return connection
        .callWithin(
            Duration.ofNanos(Math.max(LAST_LOOK.toNanos(), giveUpAt - System.nanoTime())),
            TopologyServiceGrpc.newBlockingStub(connection.channel()),
            stub -> stub.getTopology(GetTopologyRequest.getDefaultInstance()),
            failure -> console.note(failure.getMessage() + "; waiting"))
        .getTopology();
  }

  /** How many ranges a shard owns or should own. */
  static int naming(Topology topology, String shard) {
    return (int)
        topology.getRangesList().stream()
            .filter(range -> range.getOwner().equals(shard) || range.getAssigned().equals(shard))
            .count();
  }

  /** How many ranges have not arrived at the live shard they are assigned to. */
  static int moving(Topology topology) {
    Set<String> live =
        topology.getShardsList().stream().map(ShardMember::getId).collect(Collectors.toSet());
    return (int)
        topology.getRangesList().stream()
            .filter(range -> live.contains(range.getAssigned()) && !hasArrived(range))
            .count();
  }

  private static boolean hasArrived(RangeOwnership range) {
    return range.getServing() && range.getOwner().equals(range.getAssigned());
  }
}
