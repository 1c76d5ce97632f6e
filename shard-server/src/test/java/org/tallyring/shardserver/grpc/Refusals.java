package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.Status;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/** What every refused call must have. */
final class Refusals {

  private Refusals() {}

  /** Expects a call to fail with a status and a reason, and returns the failure. */
  static Throwable refusal(Status.Code code, ErrorReason reason, ThrowingCallable call) {
    Throwable failure = catchThrowable(call);
    expect(code, reason, failure);
    return failure;
  }

  static void expect(Status.Code code, ErrorReason reason, Throwable failure) {
    assertThat(failure).as("%s", reason).isNotNull();
    assertThat(Status.fromThrowable(failure).getCode()).as("%s", failure).isEqualTo(code);
    assertThat(Errors.reasonOf(failure)).as("%s", failure).isEqualTo(reason);
  }
}
