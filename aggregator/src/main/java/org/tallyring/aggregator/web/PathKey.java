package org.tallyring.aggregator.web;

import com.google.protobuf.ByteString;
import com.linecorp.armeria.server.ServiceRequestContext;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.name.KeyRules;

/** The key that the last segment of a path holds, percent-encoded. */
final class PathKey {

  private PathKey() {}

  /**
   * The key as it was sent. The framework would put replacement characters where it finds no UTF-8,
   * which would be another key.
   *
   * @throws io.grpc.StatusRuntimeException BAD_KEY, if it cannot be one
   */
  static ByteString of(ServiceRequestContext context) {
    String target = context.request().path();
    int queryAt = target.indexOf('?');
    String path = queryAt < 0 ? target : target.substring(0, queryAt);
    String segment = path.substring(path.lastIndexOf('/') + 1);
    byte[] key = PercentDecoder.bytes(segment, false);
    if (key == null) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_KEY,
          "key",
          "key: " + segment + " (expected: percent-encoded UTF-8)");
    }
    String violation = KeyRules.violation(key, 0, key.length);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_KEY, "key", violation);
    }
    return ByteString.copyFrom(key);
  }
}
