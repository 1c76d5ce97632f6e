package org.tallyring.client.recording;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.RecordFailure;
import org.tallyring.client.RecordResult;
import org.tallyring.client.TallyringException;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.fake.FakeCluster;
import org.tallyring.client.loop.ManualLoop;
import org.tallyring.client.topology.TopologyFeed;

/** A recorder and a fake cluster on one clock that the test turns: every run repeats exactly. */
final class RecorderHarness implements AutoCloseable {

  final ManualLoop loop = new ManualLoop();
  final FakeCluster cluster;
  final Recorder recorder;
  final List<RecordFailure> failures = new ArrayList<>();

  private final ShardChannels channels;
  private final TopologyFeed feed;

  RecorderHarness(int ranges, int shards, Duration deadline, long maxBytes, long seed) {
    this(ranges, shards, deadline, maxBytes, seed, Runnable::run);
  }

  /** Callbacks run where the test says. */
  RecorderHarness(
      int ranges, int shards, Duration deadline, long maxBytes, long seed, Executor callbacks) {
    cluster = new FakeCluster(ranges, shards, loop).start();
    channels = cluster.channels();
    feed = new TopologyFeed(List.of(cluster.address(0)), channels, loop, new Random(seed));
    recorder =
        new Recorder(
            new RecordingSettings("shop", deadline, maxBytes, failures::add),
            feed,
            channels,
            loop,
            callbacks,
            new Random(seed + 1));
    feed.start();
    loop.run();
  }

  RecorderHarness(int ranges, int shards) {
    this(ranges, shards, Duration.ofMinutes(2), 1 << 20, 7);
  }

  CompletableFuture<RecordResult> record(String key, long delta) {
    return record("clicks", key, delta, Recorder.UNTIMED);
  }

  CompletableFuture<RecordResult> record(String metric, String key, long delta, long time) {
    return record(metric, key, delta, time, null);
  }

  CompletableFuture<RecordResult> record(
      String metric, String key, long delta, long time, @Nullable String eventId) {
    return recorder.recordAsync(
        metric,
        key.getBytes(StandardCharsets.UTF_8),
        Recorder.NO_USER,
        delta,
        time,
        eventId == null ? null : eventId.getBytes(StandardCharsets.UTF_8));
  }

  /** Turns the clock. */
  void advance(Duration duration) {
    loop.advance(duration);
  }

  static TallyringException failureOf(CompletableFuture<?> future) {
    try {
      future.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof TallyringException told) {
        return told;
      }
      throw failure;
    }
    throw new AssertionError("succeeded");
  }

  @Override
  public void close() {
    feed.close();
    loop.run();
    channels.close();
    cluster.close();
    loop.close();
  }
}
