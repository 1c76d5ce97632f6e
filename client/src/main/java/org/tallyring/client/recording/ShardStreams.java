package org.tallyring.client.recording;

import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.recording.EncodedStream;
import org.tallyring.proto.v1.RecordStreamResponse;

/** The open streams, one per shard. Confined to the loop. */
final class ShardStreams implements ShardStream.Listener {

  private static final Logger logger = LoggerFactory.getLogger(ShardStreams.class);

  /** gRPC's default of 32 KiB is two batches: the network would wait for the loop after each. */
  private static final int READY_BELOW_BYTES = 256 << 10;

  private final ShardChannels channels;
  private final EventLoop loop;
  private final ShardStream.Listener lanes;
  private final Map<String, ShardStream> streams = new HashMap<>();
  private final Set<String> warned = new HashSet<>();

  /**
   * @param lanes told of everything that happens on the streams
   */
  ShardStreams(ShardChannels channels, EventLoop loop, ShardStream.Listener lanes) {
    this.channels = channels;
    this.loop = loop;
    this.lanes = lanes;
  }

  /**
   * The stream to a shard, opened if there is none. If that fails, the stream is lost soon after.
   */
  ShardStream to(String address) {
    ShardStream open = streams.get(address);
    if (open != null) {
      return open;
    }
    ShardStream stream = new ShardStream(address, loop, this);
    streams.put(address, stream);
    try {
      var unused =
          ClientCalls.asyncBidiStreamingCall(
              channels
                  .channel(address)
                  .newCall(
                      EncodedStream.METHOD,
                      CallOptions.DEFAULT.withOnReadyThreshold(READY_BELOW_BYTES)),
              stream);
    } catch (IllegalArgumentException | IllegalStateException failure) {
      stream.onError(failure);
    }
    return stream;
  }

  /** Ends all streams in good order. */
  void close() {
    streams.values().forEach(ShardStream::finish);
    streams.clear();
  }

  @Override
  public void answered(ShardStream stream, RecordStreamResponse response) {
    warned.remove(stream.address());
    lanes.answered(stream, response);
  }

  @Override
  public void ready(ShardStream stream) {
    lanes.ready(stream);
  }

  @Override
  public void lost(ShardStream stream, @Nullable Throwable failure) {
    streams.remove(stream.address(), stream);
    if (warned.add(stream.address())) {
      logger.warn(
          "Lost the stream to {}: {}. What was not answered is sent again, there or to the next"
              + " owner; nothing needs to be done unless this lasts.",
          stream.address(),
          failure == null ? "the server ended it" : failure.getMessage());
    }
    lanes.lost(stream, failure);
  }
}
