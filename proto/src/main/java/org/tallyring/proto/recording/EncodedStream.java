package org.tallyring.proto.recording;

import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * CounterService.RecordStream as its proto file says, but for how a producer's messages are written
 * and read: as {@link EncodedStreamRequest}, which is the same on the wire. Either side may use it
 * without the other's knowing.
 */
public final class EncodedStream {

  /** The method. */
  public static final MethodDescriptor<EncodedStreamRequest, RecordStreamResponse> METHOD =
      CounterServiceGrpc.getRecordStreamMethod().toBuilder(
              ProtoUtils.marshaller(EncodedStreamRequest.getDefaultInstance()),
              ProtoUtils.marshaller(RecordStreamResponse.getDefaultInstance()))
          .build();

  private EncodedStream() {}
}
