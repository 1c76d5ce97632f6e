package org.tallyring.proto.error;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tallyring.proto.v1.ErrorReason;

final class ErrorsTest {

  private static final StatusRuntimeException NOT_OWNER =
      Errors.of(
          Status.Code.ABORTED,
          ErrorReason.ERROR_REASON_NOT_OWNER,
          "range: 7 (expected: one that shard-1 owns)",
          Map.of("owner", "shard-2", "epoch", "4"));

  private static com.google.rpc.Status proto(Throwable failure) {
    return Objects.requireNonNull(StatusProto.fromThrowable(failure));
  }

  @Test
  void anErrorCarriesCodeMessageReasonAndFacts() throws Exception {
    assertThat(NOT_OWNER.getStatus().getCode()).isEqualTo(Status.Code.ABORTED);
    assertThat(NOT_OWNER.getStatus().getDescription())
        .isEqualTo("range: 7 (expected: one that shard-1 owns)");
    ErrorInfo info = proto(NOT_OWNER).getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getDomain()).isEqualTo("tallyring");
    assertThat(info.getReason()).isEqualTo("NOT_OWNER");
    assertThat(Errors.reasonOf(NOT_OWNER)).isEqualTo(ErrorReason.ERROR_REASON_NOT_OWNER);
    assertThat(Errors.metadataOf(NOT_OWNER))
        .containsOnly(Map.entry("owner", "shard-2"), Map.entry("epoch", "4"));
    assertThat(Errors.retryDelayOf(NOT_OWNER)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"ERROR_REASON_UNSPECIFIED", "UNRECOGNIZED"})
  void everyReasonComesBack(ErrorReason reason) {
    assertThat(Errors.reasonOf(Errors.of(Status.Code.INTERNAL, reason, "m"))).isEqualTo(reason);
  }

  @ParameterizedTest
  @EnumSource(names = {"ERROR_REASON_UNSPECIFIED", "UNRECOGNIZED"})
  void anErrorMustHaveAReason(ErrorReason reason) {
    assertThatThrownBy(() -> Errors.of(Status.Code.INTERNAL, reason, "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("reason: " + reason + " (expected: a named reason)");
  }

  @Test
  void okIsNoError() {
    assertThatThrownBy(() -> Errors.of(Status.Code.OK, ErrorReason.ERROR_REASON_INTERNAL, "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("status: OK (expected: an error)");
  }

  @ParameterizedTest
  @CsvSource({"PT0S", "PT0.000000001S", "PT0.2S", "PT90.5S"})
  void theRetryDelayComesBack(Duration delay) {
    StatusRuntimeException error =
        Errors.retryable(
            Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF, "m", delay);
    assertThat(Errors.retryDelayOf(error)).contains(delay);
    assertThat(Errors.reasonOf(error)).isEqualTo(ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF);
  }

  @Test
  void anInvalidArgumentNamesItsField() throws Exception {
    StatusRuntimeException error =
        Errors.invalid(ErrorReason.ERROR_REASON_BAD_K, "page.k", "k: 0 (expected: 1..1000)");
    assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(Errors.reasonOf(error)).isEqualTo(ErrorReason.ERROR_REASON_BAD_K);
    BadRequest badRequest = proto(error).getDetails(1).unpack(BadRequest.class);
    assertThat(badRequest.getFieldViolationsList())
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.getField()).isEqualTo("page.k");
              assertThat(violation.getDescription()).isEqualTo("k: 0 (expected: 1..1000)");
            });
  }

  @Test
  void aLongMessageIsCutBetweenCharacters() {
    String message = "x".repeat(Errors.MAX_MESSAGE_CHARS - 2) + "🙂" + "x".repeat(10_000);
    StatusRuntimeException error =
        Errors.of(Status.Code.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, message);
    assertThat(error.getStatus().getDescription())
        .isEqualTo("x".repeat(Errors.MAX_MESSAGE_CHARS - 2) + "…");
    String longest = "x".repeat(Errors.MAX_MESSAGE_CHARS);
    assertThat(
            Errors.of(Status.Code.INTERNAL, ErrorReason.ERROR_REASON_INTERNAL, longest)
                .getStatus()
                .getDescription())
        .isEqualTo(longest);
  }

  @Test
  void theLongestErrorFitsIntoTrailers() {
    StatusRuntimeException error =
        Errors.invalid(
            ErrorReason.ERROR_REASON_SEQUENCE_GAP, "increments[16383].key", "商".repeat(1_000));
    // In trailers the status is in base64, and each byte of the message that is not ASCII takes
    // three.
    int status = proto(error).getSerializedSize() * 4 / 3;
    int message =
        3
            * ByteString.copyFromUtf8(Objects.requireNonNull(error.getStatus().getDescription()))
                .size();
    assertThat(status + message).isLessThan(8 * 1024 - 512);
  }

  @Test
  void aFailureIsReadThroughItsWrappers() {
    Throwable wrapped =
        new CompletionException(new IllegalStateException("while routing", NOT_OWNER));
    assertThat(Errors.toProto(wrapped)).isEqualTo(proto(NOT_OWNER));
    assertThat(Errors.reasonOf(wrapped)).isEqualTo(ErrorReason.ERROR_REASON_NOT_OWNER);
    assertThat(Errors.metadataOf(wrapped)).containsEntry("owner", "shard-2");
  }

  @Test
  void aDefectTellsNothingOfItself() {
    com.google.rpc.Status status =
        Errors.toProto(new IOException("/secret/path: password=1234 refused"));
    assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL.value());
    assertThat(status.getMessage()).isEqualTo("internal error; the server's log has the details");
    assertThat(status.toString()).doesNotContain("secret");
    assertThat(Errors.reasonOf(status)).isEqualTo(ErrorReason.ERROR_REASON_INTERNAL);
  }

  @Test
  void aFailureThatSaysOkIsADefect() {
    assertThat(Errors.toProto(Status.OK.asRuntimeException()).getCode())
        .isEqualTo(Status.Code.INTERNAL.value());
  }

  @ParameterizedTest
  @CsvSource({
    "DEADLINE_EXCEEDED, ERROR_REASON_DEADLINE",
    "UNAVAILABLE, ERROR_REASON_NOT_READY",
    "RESOURCE_EXHAUSTED, ERROR_REASON_MESSAGE_TOO_LARGE",
    "INTERNAL, ERROR_REASON_INTERNAL",
    "UNKNOWN, ERROR_REASON_INTERNAL",
    "CANCELLED, ERROR_REASON_UNSPECIFIED",
    "UNIMPLEMENTED, ERROR_REASON_UNSPECIFIED",
  })
  void aStatusOfTheTransportKeepsItsCode(Status.Code code, ErrorReason reason) {
    com.google.rpc.Status status =
        Errors.toProto(code.toStatus().withDescription("said by gRPC").asRuntimeException());
    assertThat(status.getCode()).isEqualTo(code.value());
    assertThat(status.getMessage()).isEqualTo("said by gRPC");
    assertThat(Errors.reasonOf(status)).isEqualTo(reason);
  }

  @Test
  void aStatusFromAMessageIsThrownAsItWasSent() {
    StatusRuntimeException error = Errors.fromProto(Errors.toProto(NOT_OWNER));
    assertThat(proto(error)).isEqualTo(proto(NOT_OWNER));
  }

  @ParameterizedTest
  @CsvSource({"17", "-1", "1000000"})
  void aCodeThatIsNotKnownBecomesUnknown(int code) {
    StatusRuntimeException error =
        Errors.fromProto(com.google.rpc.Status.newBuilder().setCode(code).setMessage("m").build());
    assertThat(error.getStatus().getCode()).isEqualTo(Status.Code.UNKNOWN);
    assertThat(error.getStatus().getDescription()).isEqualTo("m");
  }

  @Test
  void detailsThatAreNotOursReadAsAbsent() {
    ErrorInfo foreign = ErrorInfo.newBuilder().setDomain("elsewhere").setReason("BAD_K").build();
    ErrorInfo later = ErrorInfo.newBuilder().setDomain("tallyring").setReason("OF_2030").build();
    Any damaged =
        Any.pack(later).toBuilder().setValue(ByteString.copyFromUtf8("\u0001\u0002")).build();
    for (Any detail : new Any[] {Any.pack(foreign), Any.pack(later), damaged}) {
      StatusRuntimeException error =
          Errors.fromProto(
              com.google.rpc.Status.newBuilder()
                  .setCode(Status.Code.ABORTED.value())
                  .addDetails(detail)
                  .build());
      assertThat(Errors.reasonOf(error)).isEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
      assertThat(Errors.metadataOf(error)).isEmpty();
      assertThat(Errors.retryDelayOf(error)).isEmpty();
    }
  }

  @Test
  void aFailureThatIsNoStatusHasNoReason() {
    Throwable failure = new IllegalStateException("m");
    assertThat(Errors.reasonOf(failure)).isEqualTo(ErrorReason.ERROR_REASON_UNSPECIFIED);
    assertThat(Errors.metadataOf(failure)).isEmpty();
    assertThat(Errors.retryDelayOf(failure)).isEmpty();
  }
}
