package org.tallyring.shardserver.grpc;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import org.tallyring.proto.internal.v1.ReceivedStreamRequest;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * CounterService as its proto file says, but for how a producer's messages are read: as {@link
 * ReceivedStreamRequest}, which is the same on the wire. Whoever calls, and whoever asks the
 * reflection service, sees no difference.
 */
final class CounterBinding implements BindableService {

  /** RecordStream, as a shard reads it. */
  static final MethodDescriptor<ReceivedStreamRequest, RecordStreamResponse> RECORD_STREAM =
      CounterServiceGrpc.getRecordStreamMethod().toBuilder(
              ProtoUtils.marshaller(ReceivedStreamRequest.getDefaultInstance()),
              ProtoUtils.marshaller(RecordStreamResponse.getDefaultInstance()))
          .build();

  private final CounterEndpoint endpoint;

  CounterBinding(CounterEndpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public ServerServiceDefinition bindService() {
    ServerServiceDefinition generated = endpoint.bindService();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(generated.getServiceDescriptor().getName())
            .setSchemaDescriptor(generated.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(RECORD_STREAM);
    for (ServerMethodDefinition<?, ?> method : generated.getMethods()) {
      if (!isReplaced(method)) {
        descriptor.addMethod(method.getMethodDescriptor());
      }
    }
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(descriptor.build());
    for (ServerMethodDefinition<?, ?> method : generated.getMethods()) {
      if (!isReplaced(method)) {
        service.addMethod(method);
      }
    }
    return service
        .addMethod(RECORD_STREAM, ServerCalls.asyncBidiStreamingCall(endpoint::receiveStream))
        .build();
  }

  private static boolean isReplaced(ServerMethodDefinition<?, ?> method) {
    return method
        .getMethodDescriptor()
        .getFullMethodName()
        .equals(RECORD_STREAM.getFullMethodName());
  }
}
