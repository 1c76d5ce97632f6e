package org.tallyring.benchmarks.load;

import org.tallyring.client.TallyringException;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/** Why calls fail, in short: the reason of the API without its prefix, else what gRPC says. */
final class Reasons {

  private static final int PREFIX = "ERROR_REASON_".length();

  private Reasons() {}

  static String of(TallyringException failure) {
    return failure.reason().name().substring(PREFIX);
  }

  static String of(Throwable failure) {
    ErrorReason reason = Errors.reasonOf(failure);
    return reason == ErrorReason.ERROR_REASON_UNSPECIFIED
        ? io.grpc.Status.fromThrowable(failure).getCode().name()
        : reason.name().substring(PREFIX);
  }
}
