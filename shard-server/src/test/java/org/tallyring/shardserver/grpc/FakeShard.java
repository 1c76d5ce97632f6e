package org.tallyring.shardserver.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceImplBase;
import org.tallyring.proto.internal.v1.RangeServiceGrpc.RangeServiceStub;
import org.tallyring.proto.internal.v1.WatchRangeEventsRequest;
import org.tallyring.proto.internal.v1.WatchRangeEventsResponse;

/** A shard that tells the events of its ranges, within this process. */
final class FakeShard implements AutoCloseable {

  final Map<Integer, EngineEvents> ranges = new ConcurrentHashMap<>();
  private final Executor executor;
  private final Server server;
  private final ManagedChannel channel;

  FakeShard(Executor executor) {
    this.executor = executor;
    String name = InProcessServerBuilder.generateName();
    try {
      server =
          InProcessServerBuilder.forName(name)
              .intercept(new ErrorInterceptor())
              .addService(new Ranges())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
  }

  RangeServiceStub stub() {
    return RangeServiceGrpc.newStub(channel);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private final class Ranges extends RangeServiceImplBase {
    @Override
    public void watchRangeEvents(
        WatchRangeEventsRequest request, StreamObserver<WatchRangeEventsResponse> call) {
      new RangeEventFeed(
              rangeId -> Optional.ofNullable(ranges.get(rangeId)),
              EventFilter.of(
                  request.getNamespace(), request.getKindsList(), request.getHitSampleRate()),
              (ServerCallStreamObserver<WatchRangeEventsResponse>) call,
              executor)
          .begin(request.getPositionsList());
    }
  }
}
