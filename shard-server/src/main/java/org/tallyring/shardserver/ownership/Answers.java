package org.tallyring.shardserver.ownership;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import io.grpc.Status.Code;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.engine.BatchViolation;
import org.tallyring.shardserver.engine.RowViolation;

/** The answers that a batch can get, in one place so that each outcome is worded once. */
public final class Answers {

  /** When to try again while a range changes hands. */
  private static final Duration HANDOFF_DELAY = Duration.ofMillis(50);

  /** When to try again while a shard is full. */
  private static final Duration OVERLOAD_DELAY = Duration.ofMillis(100);

  /** How many row violations are described; all are listed by number. */
  private static final int DESCRIBED_ROWS = 20;

  private Answers() {}

  /**
   * Applied.
   *
   * @param duplicateRows the rows that did not count
   */
  static RecordStreamResponse.Builder applied(int[] duplicateRows) {
    RecordStreamResponse.Builder response =
        RecordStreamResponse.newBuilder().setOutcome(Outcome.OUTCOME_APPLIED);
    for (int row : duplicateRows) {
      response.addDuplicateRows(row);
    }
    return response;
  }

  static RecordStreamResponse.Builder duplicate() {
    return RecordStreamResponse.newBuilder().setOutcome(Outcome.OUTCOME_DUPLICATE);
  }

  /** Refused for a reason that an exception built by {@link Errors} describes. */
  public static RecordStreamResponse.Builder refused(Throwable error) {
    return RecordStreamResponse.newBuilder()
        .setOutcome(Outcome.OUTCOME_REFUSED)
        .setError(Errors.toProto(error));
  }

  /** Perhaps applied, perhaps not. */
  public static RecordStreamResponse.Builder inDoubt(String message) {
    return RecordStreamResponse.newBuilder()
        .setOutcome(Outcome.OUTCOME_IN_DOUBT)
        .setError(
            Errors.toProto(
                Errors.retryable(
                    Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT, message, HANDOFF_DELAY)));
  }

  static RecordStreamResponse.Builder recovering(int rangeId) {
    return refused(
        Errors.retryable(
            Code.UNAVAILABLE,
            ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
            "range: " + rangeId + " is being recovered or moved (expected: retry)",
            HANDOFF_DELAY));
  }

  static RecordStreamResponse.Builder overloaded() {
    return refused(
        Errors.retryable(
            Code.RESOURCE_EXHAUSTED,
            ErrorReason.ERROR_REASON_OVERLOADED,
            "bytes in flight: at the shard's limit (expected: retry later)",
            OVERLOAD_DELAY));
  }

  static RecordStreamResponse.Builder sessionExpired(long sequence) {
    return refused(
        Errors.of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_SESSION_EXPIRED,
            "sequence: " + sequence + " of an unknown session (expected: 1, in a new session)"));
  }

  static RecordStreamResponse.Builder sequenceGap(long sequence, long last) {
    return refused(
        Errors.of(
            Code.FAILED_PRECONDITION,
            ErrorReason.ERROR_REASON_SEQUENCE_GAP,
            "sequence: " + sequence + " (expected: " + (last + 1) + ")",
            Map.of("lastSequence", Long.toString(last))));
  }

  /** Refused as a whole or because of some rows, which are all listed. */
  public static RecordStreamResponse.Builder invalid(BatchViolation violation) {
    List<RowViolation> rows = violation.rows();
    BadRequest.Builder described = BadRequest.newBuilder();
    if (rows.isEmpty()) {
      described.addFieldViolations(describe(violation.field(), violation.message()));
    }
    for (RowViolation row : rows.subList(0, Math.min(rows.size(), DESCRIBED_ROWS))) {
      described.addFieldViolations(
          describe(row.field(), row.message()).setReason(name(row.reason())));
    }
    com.google.rpc.Status base =
        Errors.toProto(
            Errors.of(codeOf(violation.reason()), violation.reason(), violation.message()));
    return RecordStreamResponse.newBuilder()
        .setOutcome(Outcome.OUTCOME_REFUSED)
        .setError(base.toBuilder().addDetails(Any.pack(described.build())))
        .addAllInvalidRows(rows.stream().map(RowViolation::row).toList());
  }

  private static Code codeOf(ErrorReason reason) {
    return switch (reason) {
      case ERROR_REASON_COUNT_OVERFLOW -> Code.OUT_OF_RANGE;
      case ERROR_REASON_EVENT_ID_CONFLICT -> Code.ALREADY_EXISTS;
      case ERROR_REASON_METRIC_NOT_FOUND, ERROR_REASON_NAMESPACE_NOT_FOUND -> Code.NOT_FOUND;
      default -> Code.INVALID_ARGUMENT;
    };
  }

  private static FieldViolation.Builder describe(String field, String message) {
    return FieldViolation.newBuilder().setField(field).setDescription(message);
  }

  private static String name(ErrorReason reason) {
    return reason.name().substring("ERROR_REASON_".length());
  }
}
