package org.tallyring.aggregator.collect;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.internal.v1.CollectTopKRequest;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.internal.v1.RankingFloor;

/*
 * One call per shard is under way at a time, and its time-out is shorter than the period, so that a
 * shard that hangs delays its own ranges and nobody else's.
 *
 * With a fixed time-out a shard that needs a little longer than it would be asked the same again and
 * again and never be heard. Each time-out therefore doubles the next one up to MAX_TIMEOUT, which is
 * what Holdings.MAX_AGE allows; an answer in time brings it back. The first answer holds everything
 * and may need a connection first, so that it has the longest time-out from the beginning.
 */

/** Collects what the shards publish, period after period, into {@link Holdings}. Thread-safe. */
public final class Collector implements AutoCloseable {

  /** How often every shard is asked. */
  static final Duration PERIOD = Duration.ofMillis(250);

  private static final Duration TIMEOUT = Duration.ofMillis(200);
  private static final Duration MAX_TIMEOUT = Duration.ofMillis(1_600);

  private static final Logger logger = LoggerFactory.getLogger(Collector.class);

  private final Cluster cluster;
  private final ShardCalls calls;
  private final Holdings holdings;
  private final OpenRankings rankings;
  private final CollectorMetrics metrics;
  private final EventLoop loop;
  private final Map<String, Source> sources = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> complete = new CompletableFuture<>();
  private Cluster.@Nullable Watch watch;
  private volatile boolean closed;

  /** Collects nothing yet. */
  public Collector(
      Cluster cluster,
      ShardCalls calls,
      Holdings holdings,
      OpenRankings rankings,
      CollectorMetrics metrics,
      EventLoop loop) {
    this.cluster = cluster;
    this.calls = calls;
    this.holdings = holdings;
    this.rankings = rankings;
    this.metrics = metrics;
    this.loop = loop;
  }

  /** Begins, at once. To be called once. */
  public synchronized void start() {
    watch =
        cluster.watch(
            picture -> {
              holdings.observe(picture);
              sources.keySet().removeIf(shardId -> !picture.isLive(shardId));
              collect();
            });
    loop.schedule(this::round, PERIOD);
  }

  private void round() {
    if (!closed) {
      loop.schedule(this::round, PERIOD);
      collect();
    }
  }

  /** Completes when a collection has covered every range for the first time. */
  public CompletableFuture<Void> complete() {
    return complete.copy();
  }

  /** Asks every live shard that is not being asked already. */
  void collect() {
    if (closed) {
      return;
    }
    List<RankingFloor> floors = rankings.floors();
    holdings
        .picture()
        .addresses()
        .forEach(
            (shardId, address) ->
                sources.computeIfAbsent(shardId, Source::new).collect(address, floors));
  }

  /** Ends the collection; calls under way are not waited for. */
  @Override
  public synchronized void close() {
    closed = true;
    if (watch != null) {
      watch.close();
    }
  }

  /** A shard as something to collect from. */
  private final class Source {

    private final String shardId;
    private final AtomicBoolean underWay = new AtomicBoolean();
    // Both are only touched by the call under way, and `underWay` orders one call after another.
    private Duration timeout = MAX_TIMEOUT;
    private @Nullable Long failingSinceNanos;
    private boolean told;

    Source(String shardId) {
      this.shardId = shardId;
    }

    void collect(String address, List<RankingFloor> floors) {
      if (!underWay.compareAndSet(false, true)) {
        return;
      }
      List<RangeVersion> known = holdings.known(shardId);
      CollectorMetrics.Sample sample = metrics.begin();
      calls
          .to(
              address,
              RangeServiceGrpc.getCollectTopKMethod(),
              CollectTopKRequest.newBuilder().addAllKnown(known).addAllFloors(floors).build(),
              timeout)
          .whenComplete(
              (answer, failure) -> {
                if (failure == null) {
                  answered(address, known, answer);
                  sample.end(CollectorMetrics.Outcome.OK);
                } else {
                  failed(address, failure);
                  sample.end(CollectorMetrics.Outcome.FAILED);
                }
                underWay.set(false);
              });
    }

    private void answered(String address, List<RangeVersion> known, CollectTopKResponse answer) {
      timeout = TIMEOUT;
      List<String> damaged = holdings.accept(shardId, known, answer);
      rankings.refresh();
      if (!damaged.isEmpty()) {
        failing("sent rankings that cannot be used: " + damaged, address);
      } else {
        failingSinceNanos = null;
        if (told) {
          told = false;
          logger.info("{} at {} answers collections again", shardId, address);
        }
      }
      if (!complete.isDone() && holdings.coverage().isComplete()) {
        complete.complete(null);
      }
    }

    private void failed(String address, Throwable failure) {
      Status status = Status.fromThrowable(failure);
      if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
        Duration doubled = timeout.multipliedBy(2);
        timeout = doubled.compareTo(MAX_TIMEOUT) < 0 ? doubled : MAX_TIMEOUT;
      }
      failing(status.getCode() + ": " + status.getDescription(), address);
      if (status.getCode() == Status.Code.UNAVAILABLE) {
        cluster.doubt();
      }
    }

    /** Tells when the ranges begin to be missing, not of every answer that is late. */
    private void failing(String why, String address) {
      long now = loop.nanoTime();
      if (failingSinceNanos == null) {
        failingSinceNanos = now;
      }
      if (!told && !closed && now - failingSinceNanos >= Holdings.MAX_AGE.toNanos()) {
        told = true;
        logger.warn(
            "{} at {} cannot be collected from, its ranges are missing from answers: {}",
            shardId,
            address,
            why);
      }
    }
  }
}
