package org.tallyring.benchmarks.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.benchmarks.load.Outcomes;
import org.tallyring.benchmarks.load.Producer;
import org.tallyring.benchmarks.load.ServerFigures;
import org.tallyring.benchmarks.load.Shares;
import org.tallyring.benchmarks.load.Target;

/** A Redis that a load goes to. */
final class RedisTarget implements Target {

  private final RedisServer server;
  private final RespConnection control;
  private final List<Pipeline> pipelines = new ArrayList<>();
  private final byte[][] members;
  private final LongAdder acknowledged = new LongAdder();

  private RedisTarget(RedisServer server, RespConnection control, int keys) {
    this.server = server;
    this.control = control;
    members = new byte[keys][];
    for (int rank = 0; rank < keys; rank++) {
      members[rank] = ZipfKeys.key(rank).getBytes(US_ASCII);
    }
  }

  /**
   * Opens the connections.
   *
   * @param depth how many increments each may have under way
   */
  static RedisTarget open(
      RedisServer server, Recipe recipe, int keys, int connections, int depth, Outcomes outcomes)
      throws IOException {
    RespConnection control = server.connect();
    RedisTarget target = new RedisTarget(server, control, keys);
    String hash = control.call("SCRIPT", "LOAD", Recipe.SCRIPT);
    for (int i = 0; i < connections; i++) {
      target.pipelines.add(
          new Pipeline(server.connect(), recipe, hash, depth, outcomes, target.acknowledged));
    }
    return target;
  }

  @Override
  public Producer producer(int sender, int senders) {
    return new PipelineProducer(sender, Shares.of(pipelines, sender, senders));
  }

  @Override
  public long acknowledged() {
    return acknowledged.sum();
  }

  @Override
  public ServerFigures figures() {
    try {
      return new ServerFigures(
          server.cpuNanos(),
          figure(control.call("INFO", "stats"), "total_net_input_bytes"),
          figure(control.call("INFO", "persistence"), "aof_current_size"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double figure(String info, String name) {
    return info.lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("INFO: no " + name + " (expected: one)"));
  }

  @Override
  public void close() {
    try {
      for (Pipeline pipeline : pipelines) {
        pipeline.close();
      }
      control.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One sender's connections, which take turns. */
  private final class PipelineProducer implements Producer {

    private final List<Pipeline> mine;
    private long event;
    private int next;

    PipelineProducer(int sender, List<Pipeline> mine) {
      this.mine = mine;
      // No two senders have an event in common.
      event = (long) sender << Integer.SIZE;
    }

    @Override
    public boolean send(int metric, int rank, long dueNanos, boolean sampled) {
      Pipeline pipeline = mine.get(next);
      next = next + 1 == mine.size() ? 0 : next + 1;
      try {
        pipeline.send(members[rank], rank, event++, dueNanos, sampled);
        return true;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public int burst() {
      return 1;
    }

    @Override
    public void idle() {
      try {
        for (Pipeline pipeline : mine) {
          pipeline.idle();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void finish() {
      try {
        for (Pipeline pipeline : mine) {
          pipeline.awaitAtMost(0);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
