package org.tallyring.shardserver.grpc;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceFutureStub;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceStub;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceFutureStub;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceStub;

/** Channels to the other shards, by address, made on first use. Thread-safe. */
final class PeerChannels implements AutoCloseable {

  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final Function<String, ManagedChannel> connect;

  /**
   * No channels yet.
   *
   * @param connect makes the channel to an address
   */
  PeerChannels(Function<String, ManagedChannel> connect) {
    this.connect = connect;
  }

  /** A channel over the network. */
  static ManagedChannel connect(String address) {
    return Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
        .maxInboundMessageSize(2 * ErrorInterceptor.MAX_MESSAGE_BYTES)
        .build();
  }

  /** Connects, if it is not connected yet. */
  void connectTo(String address) {
    channel(address).getState(true);
  }

  RangeServiceFutureStub ranges(String address) {
    return RangeServiceGrpc.newFutureStub(channel(address));
  }

  RangeServiceStub rangeStreams(String address) {
    return RangeServiceGrpc.newStub(channel(address));
  }

  AdminServiceFutureStub admin(String address) {
    return AdminServiceGrpc.newFutureStub(channel(address));
  }

  AdminServiceStub adminStreams(String address) {
    return AdminServiceGrpc.newStub(channel(address));
  }

  private ManagedChannel channel(String address) {
    return channels.computeIfAbsent(address, connect);
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
