package org.tallyring.client.recording;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.TallyringException;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * What an answer other than "applied" means for the lane. Immutable.
 *
 * @param kind what to do about it
 * @param reason the reason given
 * @param message the message given
 * @param delay how long to wait, if the answer says so
 * @param hint who owns the range, if the answer says so
 * @param invalidRows the rows at fault; empty unless the kind is {@link Kind#ROWS}
 * @param rowMessages what is wrong with those rows, as far as the answer says so
 */
record Refusal(
    Kind kind,
    ErrorReason reason,
    String message,
    @Nullable Duration delay,
    @Nullable Route hint,
    BitSet invalidRows,
    Map<Integer, String> rowMessages) {

  /** Keeps a shard that asks for no delay at all from being asked without end. */
  private static final Duration SHORTEST_DELAY = Duration.ofMillis(5);

  /** What to do about a refusal. */
  enum Kind {
    /** Send the same to the owner. */
    ELSEWHERE,
    /** Send the same again after a while. */
    LATER,
    /** The range does not know the session as the lane does. */
    SEQUENCE,
    /** Send it again without the rows at fault. */
    ROWS,
    /** Nothing will ever make it valid. */
    WHOLE
  }

  /** Reads an answer whose outcome is neither "applied" nor "duplicate". */
  static Refusal of(RecordStreamResponse response, int rows) {
    Status error = response.getError();
    if (error.getCode() == Code.OK.value()) {
      error =
          error.toBuilder()
              .setCode(Code.UNKNOWN.value())
              .setMessage("refused without error")
              .build();
    }
    ErrorReason reason = Errors.reasonOf(error);
    StatusRuntimeException failure = Errors.fromProto(error);
    BitSet invalid = new BitSet();
    boolean refused = response.getOutcome() == RecordStreamResponse.Outcome.OUTCOME_REFUSED;
    if (refused) {
      response.getInvalidRowsList().stream()
          .filter(row -> row >= 0 && row < rows)
          .forEach(invalid::set);
    }
    Kind kind = invalid.isEmpty() ? kindOf(reason, error.getCode()) : Kind.ROWS;
    if (!refused && kind != Kind.ELSEWHERE) {
      // It may have been applied: only the same again can find out.
      kind = Kind.LATER;
    }
    return new Refusal(
        kind,
        reason,
        error.getMessage(),
        Errors.retryDelayOf(failure).map(Refusal::atLeastShortest).orElse(null),
        hint(Errors.metadataOf(failure)),
        invalid,
        rowMessages(error));
  }

  /** What the rows of the batch are told when all of it is refused. */
  TallyringException failure() {
    return TallyringException.definite(reason, message);
  }

  /** What a row at fault is told. */
  TallyringException failure(int row) {
    return TallyringException.definite(reason, rowMessages.getOrDefault(row, message));
  }

  private static Kind kindOf(ErrorReason reason, int code) {
    return switch (reason) {
      case ERROR_REASON_NOT_OWNER -> Kind.ELSEWHERE;
      case ERROR_REASON_SEQUENCE_GAP, ERROR_REASON_SESSION_EXPIRED -> Kind.SEQUENCE;
      case ERROR_REASON_RANGE_IN_HANDOFF,
          ERROR_REASON_RANGE_UNAVAILABLE,
          ERROR_REASON_IN_DOUBT,
          ERROR_REASON_NO_SESSION,
          ERROR_REASON_OVERLOADED,
          ERROR_REASON_NOT_READY,
          ERROR_REASON_DEADLINE ->
          Kind.LATER;
      default -> code == Code.UNAVAILABLE.value() ? Kind.LATER : Kind.WHOLE;
    };
  }

  private static Duration atLeastShortest(Duration delay) {
    return delay.compareTo(SHORTEST_DELAY) < 0 ? SHORTEST_DELAY : delay;
  }

  private static @Nullable Route hint(Map<String, String> metadata) {
    String address = metadata.get("ownerAddress");
    String epoch = metadata.get("epoch");
    if (address == null || address.isEmpty() || epoch == null) {
      return null;
    }
    try {
      return new Route(address, Long.parseLong(epoch));
    } catch (NumberFormatException malformed) {
      // Only a hint: the topology will tell as well.
      return null;
    }
  }

  /** The descriptions of violations of fields like {@code rows[17].delta}. */
  private static Map<Integer, String> rowMessages(Status error) {
    Map<Integer, String> messages = new HashMap<>();
    for (Any detail : error.getDetailsList()) {
      if (!detail.is(BadRequest.class)) {
        continue;
      }
      try {
        for (BadRequest.FieldViolation violation :
            detail.unpack(BadRequest.class).getFieldViolationsList()) {
          String field = violation.getField();
          int close = field.indexOf(']');
          if (field.startsWith("rows[") && close > 0) {
            messages.put(
                Integer.parseInt(field.substring("rows[".length(), close)),
                violation.getDescription());
          }
        }
      } catch (InvalidProtocolBufferException | NumberFormatException malformed) {
        // The rows are then told the message of the whole batch.
        continue;
      }
    }
    return messages;
  }
}
