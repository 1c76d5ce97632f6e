package org.tallyring.shardserver.grpc;

import io.grpc.BindableService;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCalls;
import org.tallyring.proto.recording.EncodedStream;

/**
 * CounterService as its proto file says, but for how a producer's messages are read: as {@link
 * EncodedStream} has it. Whoever calls, and whoever asks the reflection service, sees no
 * difference.
 */
final class CounterBinding implements BindableService {

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
            .addMethod(EncodedStream.METHOD);
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
        .addMethod(
            EncodedStream.METHOD, ServerCalls.asyncBidiStreamingCall(endpoint::receiveStream))
        .build();
  }

  private static boolean isReplaced(ServerMethodDefinition<?, ?> method) {
    return method
        .getMethodDescriptor()
        .getFullMethodName()
        .equals(EncodedStream.METHOD.getFullMethodName());
  }
}
