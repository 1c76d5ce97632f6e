package org.tallyring.client;

import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ErrorReason;

/**
 * Why something was not recorded or not answered. Branch on {@link #reason()} and the two
 * questions, never on the message.
 */
public final class TallyringException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final Set<ErrorReason> PASSING =
      EnumSet.of(
          ErrorReason.ERROR_REASON_NOT_OWNER,
          ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
          ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE,
          ErrorReason.ERROR_REASON_NO_SESSION,
          ErrorReason.ERROR_REASON_OVERLOADED,
          ErrorReason.ERROR_REASON_INCOMPLETE,
          ErrorReason.ERROR_REASON_NOT_READY,
          ErrorReason.ERROR_REASON_DEADLINE);

  private final ErrorReason reason;
  private final boolean inDoubt;

  private TallyringException(
      ErrorReason reason, boolean inDoubt, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.inDoubt = inDoubt;
  }

  /** A definite failure: nothing was recorded. */
  public static TallyringException definite(ErrorReason reason, String message) {
    return new TallyringException(reason, false, message, null);
  }

  /** A definite failure with what led to it. */
  public static TallyringException definite(ErrorReason reason, String message, Throwable cause) {
    return new TallyringException(reason, false, message, cause);
  }

  /** A failure after which nobody on this side can say whether the increment counts. */
  public static TallyringException inDoubt(String message) {
    return new TallyringException(ErrorReason.ERROR_REASON_IN_DOUBT, true, message, null);
  }

  /** The reason, as in the gRPC API. */
  public ErrorReason reason() {
    return reason;
  }

  /**
   * Whether doing the same again may succeed without any other change. False when {@linkplain
   * #isInDoubt() in doubt}: repeating an increment that may count could make it count twice.
   */
  public boolean isRetryable() {
    return !inDoubt && PASSING.contains(reason);
  }

  /**
   * Whether the increment may count all the same. The client goes on asking the cluster until it is
   * closed, but nobody is told of the outcome any more.
   */
  public boolean isInDoubt() {
    return inDoubt;
  }
}
