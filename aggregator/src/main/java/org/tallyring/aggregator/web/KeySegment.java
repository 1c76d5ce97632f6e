package org.tallyring.aggregator.web;

import com.linecorp.armeria.server.ServiceRequestContext;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.name.KeyRules;

/** A key as the last segment of a path, percent-encoded. */
final class KeySegment {

  private KeySegment() {}

  /**
   * The key as it was sent. The framework would put replacement characters where it finds no UTF-8,
   * which would be another key.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, if it breaks the rule for keys
   */
  static byte[] of(ServiceRequestContext context) {
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
    return key;
  }
}
