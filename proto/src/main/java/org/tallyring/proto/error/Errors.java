package org.tallyring.proto.error;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.tallyring.proto.v1.ErrorReason;

/**
 * The one place that builds and reads the errors of Tallyring's API.
 *
 * <p>An error is a {@code google.rpc.Status}: a status code, a message for people, and as its first
 * detail an {@link ErrorInfo} whose domain is {@value #DOMAIN} and whose reason is an {@link
 * ErrorReason} without its prefix. Callers branch on the code and the reason, never on the message.
 *
 * <p>All methods are thread-safe. Those that read never fail on what a peer sent: a detail that is
 * damaged, of another domain or of a later version reads as absent.
 */
public final class Errors {

  /** The domain of every {@link ErrorInfo} of this API. */
  public static final String DOMAIN = "tallyring";

  /**
   * Longer messages are cut. A refused argument may be quoted in a message, and the message travels
   * up to three times in the trailers (percent-encoded, in the status, in a field violation), of
   * which gRPC accepts 8 KiB: 400 characters stay below that even if each takes 3 bytes.
   */
  static final int MAX_MESSAGE_CHARS = 400;

  private static final String REASON_PREFIX = "ERROR_REASON_";

  private Errors() {}

  /**
   * An error without metadata.
   *
   * @throws IllegalArgumentException if the code is OK or the reason is not one of the named ones
   */
  public static StatusRuntimeException of(Status.Code code, ErrorReason reason, String message) {
    return of(code, reason, message, Map.of());
  }

  /**
   * An error with machine-readable facts; the comments of {@link ErrorReason} say which keys go
   * with which reason.
   *
   * @throws IllegalArgumentException if the code is OK or the reason is not one of the named ones
   */
  public static StatusRuntimeException of(
      Status.Code code, ErrorReason reason, String message, Map<String, String> metadata) {
    return fromProto(status(code, reason, message, metadata).build());
  }

  /**
   * An error that goes away by itself: repeat the call after {@code retryAfter}.
   *
   * @throws IllegalArgumentException if the code is OK or the reason is not one of the named ones
   */
  public static StatusRuntimeException retryable(
      Status.Code code, ErrorReason reason, String message, Duration retryAfter) {
    RetryInfo retryInfo =
        RetryInfo.newBuilder()
            .setRetryDelay(
                com.google.protobuf.Duration.newBuilder()
                    .setSeconds(retryAfter.getSeconds())
                    .setNanos(retryAfter.getNano()))
            .build();
    return fromProto(
        status(code, reason, message, Map.of()).addDetails(Any.pack(retryInfo)).build());
  }

  /**
   * INVALID_ARGUMENT that names the field at fault.
   *
   * @param field its path in the request, for example {@code increments[3].key}
   * @throws IllegalArgumentException if the reason is not one of the named ones
   */
  public static StatusRuntimeException invalid(ErrorReason reason, String field, String message) {
    BadRequest badRequest =
        BadRequest.newBuilder()
            .addFieldViolations(
                BadRequest.FieldViolation.newBuilder()
                    .setField(field)
                    .setDescription(shortened(message)))
            .build();
    return fromProto(
        status(Status.Code.INVALID_ARGUMENT, reason, message, Map.of())
            .addDetails(Any.pack(badRequest))
            .build());
  }

  /**
   * What to tell a caller about any failure. The status found first in the chain of causes is
   * passed on. A failure without one is a defect: it becomes INTERNAL with a fixed message, since
   * its own text may hold what is not the caller's business.
   *
   * <p>gRPC's own statuses carry no reason; one is added where the code leaves no doubt about it.
   */
  public static com.google.rpc.Status toProto(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    if (status == null || status.getCode() == Status.Code.OK.value()) {
      return status(
              Status.Code.INTERNAL,
              ErrorReason.ERROR_REASON_INTERNAL,
              "internal error; the server's log has the details",
              Map.of())
          .build();
    }
    if (status.getDetailsCount() > 0) {
      return status;
    }
    ErrorReason reason =
        switch (Status.fromCodeValue(status.getCode()).getCode()) {
          case DEADLINE_EXCEEDED -> ErrorReason.ERROR_REASON_DEADLINE;
          // The transport says this of a peer that it cannot connect to or that is going away.
          case UNAVAILABLE -> ErrorReason.ERROR_REASON_NOT_READY;
          // The transport says this only of a message above the limit.
          case RESOURCE_EXHAUSTED -> ErrorReason.ERROR_REASON_MESSAGE_TOO_LARGE;
          case INTERNAL, UNKNOWN -> ErrorReason.ERROR_REASON_INTERNAL;
          default -> ErrorReason.ERROR_REASON_UNSPECIFIED;
        };
    return reason == ErrorReason.ERROR_REASON_UNSPECIFIED
        ? status
        : status.toBuilder().addDetails(Any.pack(info(reason, Map.of()))).build();
  }

  /**
   * The error to throw for a status received in a message. A code that gRPC does not know becomes
   * UNKNOWN.
   *
   * @throws IllegalArgumentException if the status is OK
   */
  public static StatusRuntimeException fromProto(com.google.rpc.Status status) {
    if (status.getCode() == Status.Code.OK.value()) {
      throw new IllegalArgumentException("status: OK (expected: an error)");
    }
    Status.Code known = Status.fromCodeValue(status.getCode()).getCode();
    return StatusProto.toStatusRuntimeException(status.toBuilder().setCode(known.value()).build());
  }

  /**
   * The reason of the first status in the chain of causes; {@link
   * ErrorReason#ERROR_REASON_UNSPECIFIED} if there is none or its reason is not known here.
   */
  public static ErrorReason reasonOf(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    return status == null ? ErrorReason.ERROR_REASON_UNSPECIFIED : reasonOf(status);
  }

  /**
   * The reason of a status; {@link ErrorReason#ERROR_REASON_UNSPECIFIED} if it has none that is
   * known here.
   */
  public static ErrorReason reasonOf(com.google.rpc.Status status) {
    return infoOf(status)
        .map(info -> reasonNamed(info.getReason()))
        .orElse(ErrorReason.ERROR_REASON_UNSPECIFIED);
  }

  /** How long to wait before the call is repeated, if the failure says so. */
  public static Optional<Duration> retryDelayOf(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    return status == null
        ? Optional.empty()
        : detail(status, RetryInfo.class)
            .map(RetryInfo::getRetryDelay)
            .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
  }

  /** The machine-readable facts of a failure; empty if there are none. */
  public static Map<String, String> metadataOf(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    return status == null
        ? Map.of()
        : infoOf(status).map(ErrorInfo::getMetadataMap).orElse(Map.of());
  }

  private static com.google.rpc.Status.Builder status(
      Status.Code code, ErrorReason reason, String message, Map<String, String> metadata) {
    return com.google.rpc.Status.newBuilder()
        .setCode(code.value())
        .setMessage(shortened(message))
        .addDetails(Any.pack(info(reason, metadata)));
  }

  private static ErrorInfo info(ErrorReason reason, Map<String, String> metadata) {
    if (reason == ErrorReason.ERROR_REASON_UNSPECIFIED || reason == ErrorReason.UNRECOGNIZED) {
      throw new IllegalArgumentException("reason: " + reason + " (expected: a named reason)");
    }
    return ErrorInfo.newBuilder()
        .setDomain(DOMAIN)
        .setReason(reason.name().substring(REASON_PREFIX.length()))
        .putAllMetadata(metadata)
        .build();
  }

  private static Optional<ErrorInfo> infoOf(com.google.rpc.Status status) {
    return detail(status, ErrorInfo.class).filter(info -> info.getDomain().equals(DOMAIN));
  }

  private static ErrorReason reasonNamed(String name) {
    EnumValueDescriptor value = ErrorReason.getDescriptor().findValueByName(REASON_PREFIX + name);
    return value == null ? ErrorReason.ERROR_REASON_UNSPECIFIED : ErrorReason.valueOf(value);
  }

  private static <T extends Message> Optional<T> detail(
      com.google.rpc.Status status, Class<T> type) {
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return Optional.of(any.unpack(type));
        } catch (InvalidProtocolBufferException damaged) {
          // Sent by a peer; the code and the message are still worth more than a failure of ours.
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static String shortened(String message) {
    if (message.length() <= MAX_MESSAGE_CHARS) {
      return message;
    }
    int end = MAX_MESSAGE_CHARS - 1;
    // Half a surrogate pair has no UTF-8.
    if (Character.isHighSurrogate(message.charAt(end - 1))) {
      end--;
    }
    return message.substring(0, end) + "…";
  }
}
