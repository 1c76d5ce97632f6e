package org.tallyring.shardserver.engine;

import java.util.List;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Why a batch is refused. If only rows are at fault, the reason, field and message are those of the
 * first of them.
 *
 * @param reason why
 * @param field which field of the batch
 * @param message {@code name: value (expected: rule)}
 * @param rows all rows at fault, rising; none if the batch as a whole is
 */
public record BatchViolation(
    ErrorReason reason, String field, String message, List<RowViolation> rows) {

  /** Copies the list. */
  public BatchViolation {
    rows = List.copyOf(rows);
  }

  /** Of the batch as a whole. */
  static BatchViolation of(ErrorReason reason, String field, String message) {
    return new BatchViolation(reason, field, message, List.of());
  }

  /**
   * Of rows.
   *
   * @param rows at least one
   */
  public static BatchViolation of(List<RowViolation> rows) {
    RowViolation first = rows.get(0);
    return new BatchViolation(first.reason(), first.field(), first.message(), rows);
  }
}
