package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** On a real connection, since only there messages have a size on the wire. */
final class ReceivedBytesTest {

  @Test
  void whatArrivesIsAddedUp() throws IOException {
    ReceivedBytes received = new ReceivedBytes();
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus("measured", ServingStatus.SERVING);
    Server server =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .addService(health.getHealthService())
            .addStreamTracerFactory(received)
            .build()
            .start();
    ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:" + server.getPort(), InsecureChannelCredentials.create())
            .build();
    try {
      HealthCheckRequest request = HealthCheckRequest.newBuilder().setService("measured").build();
      for (int i = 0; i < 100; i++) {
        var unused = HealthGrpc.newBlockingStub(channel).check(request);
      }
      assertThat(received.sum()).isEqualTo(100L * request.getSerializedSize());
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }
}
