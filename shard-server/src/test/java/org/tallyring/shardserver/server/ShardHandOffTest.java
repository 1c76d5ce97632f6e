package org.tallyring.shardserver.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.CoordinationSettings;
import org.tallyring.shardserver.coordination.CuratorCoordination;
import org.tallyring.shardserver.coordination.LocalZooKeeper;
import org.tallyring.shardserver.journal.BookKeeperJournals;
import org.tallyring.shardserver.journal.BookieSettings;
import org.tallyring.shardserver.journal.JournalBookie;
import org.tallyring.shardserver.journal.JournalSettings;
import org.tallyring.shardserver.ownership.RangeSettings;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/** Ranges that move to a shard that joins, on a real journal and while all are written to. */
final class ShardHandOffTest {

  private static final RangeTable TABLE = new RangeTable(8);
  private static final int KEYS_PER_RANGE = 10_000;
  private static final int ROWS = 1_000;
  private static final String HOST = "127.0.0.1";

  @TempDir Path directory;
  private final List<AutoCloseable> parts = new ArrayList<>();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private String zooKeeper = "";

  @BeforeEach
  void startWhatShardsNeed() throws Exception {
    TestingServer server = LocalZooKeeper.start(directory);
    parts.add(server);
    zooKeeper = server.getConnectString();
    parts.add(JournalBookie.start(BookieSettings.embedded(directory.resolve("bookie"), zooKeeper)));
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = parts.size() - 1; i >= 0; i--) {
      parts.get(i).close();
    }
  }

  private ShardServer start(String id) throws Exception {
    Coordination coordination =
        CuratorCoordination.connect(
            new CoordinationSettings(zooKeeper, "test", 4_000, TABLE.rangeCount()));
    parts.add(coordination);
    BookKeeperJournals journals =
        BookKeeperJournals.connect(
            JournalSettings.defaults("test", zooKeeper).withSingleMachine(true),
            coordination.ranges());
    parts.add(journals);
    ShardServer shard =
        ShardServer.start(
            new ShardServerSettings(
                "test", id, HOST, 0, 1, "", 2, RangeSettings.DEFAULT, 1, Duration.ofSeconds(1), 8),
            coordination,
            journals,
            journals.archive(),
            InstantSource.system(),
            registry);
    parts.add(shard);
    return shard;
  }

  /** Writes to one range, one batch at a time, each until it is known to be applied. */
  private static final class Writer implements StreamObserver<RecordStreamResponse> {
    private final int rangeId;
    private final List<String> keys;
    private final StreamObserver<RecordStreamRequest> stream;
    private long sequence;
    private long answeredAt = System.nanoTime();
    private long longestGap;
    private boolean stopped;
    private final CompletableFuture<Long> done = new CompletableFuture<>();

    Writer(int rangeId, List<String> keys, CounterServiceGrpc.CounterServiceStub stub) {
      this.rangeId = rangeId;
      this.keys = keys;
      stream = stub.recordStream(this);
    }

    synchronized void next() {
      if (stopped) {
        done.complete(sequence * ROWS);
        return;
      }
      sequence++;
      send();
    }

    private synchronized void send() {
      ByteString.Output block = ByteString.newOutput();
      RecordBatch.Builder batch =
          RecordBatch.newBuilder()
              .setNamespace("default")
              .setRangeId(rangeId)
              .setSequence(sequence)
              .addMetrics("clicks");
      for (int row = 0; row < ROWS; row++) {
        byte[] key =
            keys.get((int) ((sequence * ROWS + row) % keys.size()))
                .getBytes(StandardCharsets.UTF_8);
        block.write(key, 0, key.length);
        batch.addKeyLengths(key.length);
      }
      stream.onNext(
          RecordStreamRequest.newBuilder()
              .setSessionId(
                  ByteString.copyFrom(ByteBuffer.allocate(16).putInt(rangeId + 1).array()))
              .setBatch(batch.setKeys(block.toByteString()))
              .build());
    }

    @Override
    public synchronized void onNext(RecordStreamResponse answer) {
      if (answer.getOutcome() == Outcome.OUTCOME_APPLIED
          || answer.getOutcome() == Outcome.OUTCOME_DUPLICATE) {
        long now = System.nanoTime();
        longestGap = Math.max(longestGap, now - answeredAt);
        answeredAt = now;
        next();
      } else {
        CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS).execute(this::send);
      }
    }

    @Override
    public void onError(Throwable failure) {
      done.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {}

    synchronized boolean hasWritten(long batches) {
      return sequence > batches;
    }

    synchronized void stop() {
      stopped = true;
    }

    synchronized long longestGapMillis() {
      return longestGap / 1_000_000;
    }
  }

  private static List<List<String>> keysOfEachRange() {
    List<List<String>> keys = new ArrayList<>();
    for (int i = 0; i < TABLE.rangeCount(); i++) {
      keys.add(new ArrayList<>());
    }
    KeyHash hash = new KeyHash("default");
    for (int i = 0; keys.stream().anyMatch(some -> some.size() < KEYS_PER_RANGE); i++) {
      String key = "product-" + i;
      keys.get(TABLE.rangeOf(hash.hash(key.getBytes(StandardCharsets.UTF_8)))).add(key);
    }
    return keys;
  }

  @Test
  void aShardThatJoinsTakesItsShareWhileItIsWrittenToAndNothingIsLost() throws Exception {
    ShardServer first = start("shard-1");
    await().atMost(Duration.ofSeconds(30)).until(() -> first.health().isServing());
    ManagedChannel channel =
        Grpc.newChannelBuilder(HOST + ":" + first.port(), InsecureChannelCredentials.create())
            .build();
    parts.add(channel::shutdownNow);
    List<List<String>> keys = keysOfEachRange();
    List<Writer> writers = new ArrayList<>();
    for (int rangeId = 0; rangeId < TABLE.rangeCount(); rangeId++) {
      writers.add(new Writer(rangeId, keys.get(rangeId), CounterServiceGrpc.newStub(channel)));
    }
    writers.forEach(Writer::next);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> writers.stream().allMatch(w -> w.hasWritten(KEYS_PER_RANGE / ROWS)));
    ShardServer second = start("shard-2");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> second.health().isServing() && first.health().isServing());
    long written = 0;
    for (Writer writer : writers) {
      writer.stop();
      written += writer.done.get(30, TimeUnit.SECONDS);
    }

    var pauses = registry.get("tallyring.handoff.pause").tag("shard", "shard-2").timer();
    System.out.printf(
        "hand-off of %d ranges of %d keys under load: %d ms (mean), %d ms (longest); writers stood"
            + " still for at most %s ms%n",
        pauses.count(),
        keys.get(0).size(),
        (long) pauses.mean(TimeUnit.MILLISECONDS),
        (long) pauses.max(TimeUnit.MILLISECONDS),
        writers.stream().map(Writer::longestGapMillis).sorted().toList());
    assertThat(pauses.count()).isEqualTo(TABLE.rangeCount() / 2);
    assertThat(registry.get("tallyring.lost.ranges").tag("shard", "shard-1").counter().count())
        .isZero();
    double counted =
        registry.find("tallyring.increments").counters().stream().mapToDouble(c -> c.count()).sum();
    assertThat((long) counted).isEqualTo(written);
  }
}
