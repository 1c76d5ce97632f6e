package org.tallyring.aggregator.web;

import com.linecorp.armeria.server.ServiceRequestContext;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;

/**
 * The segments of a request's path as they were sent. The framework has normalised its own view of
 * the path by the time a service sees it (it drops what follows a semicolon, for one), and a key
 * may hold any character.
 */
final class PathSegments {

  private final String[] segments;

  PathSegments(ServiceRequestContext context) {
    String target = context.request().path();
    int queryAt = target.indexOf('?');
    // The path begins with a slash, so that segment 0 is empty.
    segments = (queryAt < 0 ? target : target.substring(0, queryAt)).split("/", -1);
  }

  /** The text of a segment, 1 being the first. */
  String text(String name, int index) {
    return decoded(name, index, PercentDecoder.text(segments[index], false));
  }

  /** The bytes of a segment, 1 being the first. */
  byte[] bytes(String name, int index) {
    return decoded(name, index, PercentDecoder.bytes(segments[index], false));
  }

  private <T> T decoded(String name, int index, @Nullable T value) {
    if (value == null) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          name,
          name + ": " + segments[index] + " (expected: percent-encoded UTF-8)");
    }
    return value;
  }
}
