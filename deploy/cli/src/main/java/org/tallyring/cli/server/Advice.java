package org.tallyring.cli.server;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/** Says what a failed call means and what to do about it, in one line. */
public final class Advice {

  private Advice() {}

  /** Nobody answers there. */
  static CliException unreachable(HostPort server) {
    return CliException.failed(
        "cannot reach "
            + server
            + "; start a cluster with `tally standalone`, or say where it is with --server"
            + " HOST:PORT");
  }

  /** A call that failed. */
  static CliException of(HostPort server, StatusRuntimeException failure) {
    Status status = failure.getStatus();
    String said = oneLine(status.getDescription());
    String next = next(Errors.reasonOf(failure));
    if (!next.isEmpty()) {
      return CliException.failed(said + "; " + next, failure);
    }
    return switch (status.getCode()) {
      case INVALID_ARGUMENT -> CliException.usage(said);
      case DEADLINE_EXCEEDED ->
          CliException.failed("no answer from " + server + " in time; try again", failure);
      case UNAVAILABLE ->
          CliException.failed(
              server + " is not available (" + said + "); try again in a moment", failure);
      case UNIMPLEMENTED ->
          CliException.failed(
              server
                  + " does not offer this; --server takes the address of an aggregator, and only"
                  + " aggregators rank",
              failure);
      default -> CliException.failed(status.getCode() + ": " + said, failure);
    };
  }

  /** Whether the same call may succeed later without any other change. */
  static boolean mayPass(StatusRuntimeException failure) {
    Status.Code code = failure.getStatus().getCode();
    return code == Status.Code.UNAVAILABLE
        || code == Status.Code.DEADLINE_EXCEEDED
        || Errors.retryDelayOf(failure).isPresent();
  }

  /** What to do next; empty when the error itself says so. */
  private static String next(ErrorReason reason) {
    return switch (reason) {
      case ERROR_REASON_NAMESPACE_NOT_FOUND ->
          "`tally namespace list` shows what is there, `tally namespace create` makes one";
      case ERROR_REASON_METRIC_NOT_FOUND ->
          "`tally namespace describe` shows what is there, `tally metric create` makes one";
      case ERROR_REASON_NAMESPACE_EXISTS ->
          "`tally namespace describe` shows it; delete it first, or take another name";
      case ERROR_REASON_SNAPSHOT_NOT_FOUND -> "`tally snapshot list` shows what is there";
      case ERROR_REASON_SNAPSHOT_EXISTS ->
          "`tally snapshot list` shows it; delete it first, or take another name";
      case ERROR_REASON_BAD_SNAPSHOT -> "take another copy of it";
      case ERROR_REASON_COUNT_OVERFLOW -> "record a smaller --delta, or score by smaller weights";
      case ERROR_REASON_INTERNAL -> "this is a defect: please report it with the server's log";
      default -> "";
    };
  }

  private static String oneLine(@Nullable String text) {
    return text == null ? "no further details" : text.replaceAll("\\s*[\\r\\n]+\\s*", " ");
  }
}
