package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.shardserver.engine.ReceivedBatch;

/** Forwards batches to the shards that own their ranges. Thread-safe. */
final class Forwarding {

  private static final long LOOK_SECONDS = 1;

  private final Map<String, ForwardingStream> streams = new ConcurrentHashMap<>();
  private final PeerChannels peers;

  /**
   * Nothing is under way.
   *
   * @param scheduler looks after answers that do not come
   */
  Forwarding(PeerChannels peers, ScheduledExecutorService scheduler) {
    this.peers = peers;
    var unused =
        scheduler.scheduleWithFixedDelay(
            () -> streams.values().forEach(ForwardingStream::look),
            LOOK_SECONDS,
            LOOK_SECONDS,
            TimeUnit.SECONDS);
  }

  /** Forwards a batch to the shard at an address; the future never fails. */
  CompletableFuture<RecordStreamResponse.Builder> send(
      String address, ByteString session, ReceivedBatch batch) {
    return streams
        .computeIfAbsent(
            address,
            // What comes back is only handed on, so no other thread is needed for it.
            to ->
                new ForwardingStream(
                    to, peers.rangeStreams(to).withExecutor(Runnable::run), System::nanoTime))
        .send(session, batch);
  }
}
