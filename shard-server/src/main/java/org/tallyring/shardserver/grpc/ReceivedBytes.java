package org.tallyring.shardserver.grpc;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import java.util.concurrent.atomic.LongAdder;

/**
 * Adds up the messages that a server received, in the bytes they had on the wire: compressed,
 * without the frames of gRPC, HTTP/2 and TCP. Thread-safe.
 */
final class ReceivedBytes extends ServerStreamTracer.Factory {

  private final LongAdder bytes = new LongAdder();

  private final ServerStreamTracer tracer =
      new ServerStreamTracer() {
        @Override
        public void inboundWireSize(long received) {
          bytes.add(received);
        }
      };

  @Override
  public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
    return tracer;
  }

  /** The bytes so far. */
  long sum() {
    return bytes.sum();
  }
}
