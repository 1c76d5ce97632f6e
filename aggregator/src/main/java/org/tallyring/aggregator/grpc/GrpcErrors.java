package org.tallyring.aggregator.grpc;

import com.linecorp.armeria.common.RequestContext;
import com.linecorp.armeria.common.grpc.GrpcExceptionHandlerFunction;
import com.linecorp.armeria.server.RequestTimeoutException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;

/** Gives every error that leaves over gRPC a code and, where it has one, a reason. */
public final class GrpcErrors implements GrpcExceptionHandlerFunction {

  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  /** Knows the exceptions of the framework itself, a connection that ended for one. */
  private static final GrpcExceptionHandlerFunction FRAMEWORK = GrpcExceptionHandlerFunction.of();

  private static final Logger logger = LoggerFactory.getLogger(GrpcErrors.class);

  @Override
  public Status apply(RequestContext context, Status status, Throwable cause, Metadata trailers) {
    if (trailers.containsKey(DETAILS)) {
      return status;
    }
    StatusRuntimeException error = Errors.fromProto(Errors.toProto(known(context, status, cause)));
    if (error.getStatus().getCode() == Status.Code.INTERNAL) {
      logger.error("A call failed: {}", context, cause);
    }
    Metadata details = error.getTrailers();
    if (details != null) {
      trailers.merge(details);
    }
    return error.getStatus();
  }

  private static Throwable known(RequestContext context, Status status, Throwable cause) {
    if (cause instanceof RequestTimeoutException) {
      return Status.DEADLINE_EXCEEDED
          .withDescription("the time for the request is over")
          .asRuntimeException();
    }
    Status mapped =
        status.getCode() == Status.Code.UNKNOWN
            ? FRAMEWORK.apply(context, status, cause, new Metadata())
            : status;
    // UNKNOWN is what the framework says of an exception that it knows nothing about.
    return mapped.getCode() == Status.Code.UNKNOWN ? cause : mapped.asRuntimeException();
  }
}
