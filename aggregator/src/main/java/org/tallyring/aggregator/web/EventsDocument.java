package org.tallyring.aggregator.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Iterator;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.topology.name.EventIdRules;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.name.NameRules;

/**
 * What people send to record increments: an event {@code {key, metric, delta?, time?, user?,
 * event_id?}} or an array of them. A lone event may carry its {@code request_id}; for an array it
 * goes into a header.
 *
 * <p>Everything is checked before anything is sent on, and a field that nobody expects is refused.
 */
final class EventsDocument {

  /** The header that makes a request repeatable: a UUID, random and new for each request. */
  static final String REQUEST_ID_HEADER = "tallyring-request-id";

  private static final int MAX_EVENTS = 10_000;
  private static final String FIELDS = "key, metric, delta, time, user, event_id";
  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private EventsDocument() {}

  /**
   * The request that a document means.
   *
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT, naming the event and the field
   */
  static RecordRequest read(String namespace, @Nullable String requestId, byte[] body) {
    String violation = NameRules.violation("namespace", namespace);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation);
    }
    JsonNode document = parse(body);
    RecordRequest.Builder request = RecordRequest.newBuilder().setNamespace(namespace);
    String id = requestId;
    if (document.isArray()) {
      if (document.isEmpty() || document.size() > MAX_EVENTS) {
        throw bad(
            ErrorReason.ERROR_REASON_BAD_SIZE,
            "events",
            document.size() + " (expected: 1.." + MAX_EVENTS + ")");
      }
      for (int i = 0; i < document.size(); i++) {
        request.addIncrements(event("[" + i + "]", document.get(i), false));
      }
    } else {
      request.addIncrements(event("", document, true));
      JsonNode inDocument = document.get("request_id");
      if (inDocument != null) {
        if (id != null || !inDocument.isTextual()) {
          throw bad(
              ErrorReason.ERROR_REASON_BAD_SESSION,
              "request_id",
              inDocument
                  + " (expected: one UUID, in the document or in the header "
                  + REQUEST_ID_HEADER
                  + ")");
        }
        id = inDocument.textValue();
      }
    }
    if (id != null) {
      request.setRequestId(uuid(id));
    }
    return request.build();
  }

  private static JsonNode parse(byte[] body) {
    try {
      JsonNode document = Json.read(body);
      if (document.isArray() || document.isObject()) {
        return document;
      }
    } catch (IOException malformed) {
      String where =
          malformed instanceof JsonProcessingException json && json.getLocation() != null
              ? " at line " + json.getLocation().getLineNr() + ", " + json.getOriginalMessage()
              : "";
      throw bad(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "body",
          "not JSON" + where + " (expected: an event {" + FIELDS + "} or an array of them)");
    }
    throw bad(
        ErrorReason.ERROR_REASON_BAD_PARAMETER,
        "body",
        "neither object nor array (expected: an event {" + FIELDS + "} or an array of them)");
  }

  private static Increment event(String at, JsonNode event, boolean alone) {
    if (!event.isObject()) {
      throw bad(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "body" + at,
          "not an object (expected: an event {" + FIELDS + "})");
    }
    String prefix = at.isEmpty() ? "" : at + ".";
    for (Iterator<String> names = event.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      switch (name) {
        case "key", "metric", "delta", "time", "user", "event_id" -> {}
        default -> {
          if (!alone || !name.equals("request_id")) {
            throw bad(
                ErrorReason.ERROR_REASON_BAD_PARAMETER,
                prefix + name,
                "unknown field (expected: " + FIELDS + (alone ? ", request_id)" : ")"));
          }
        }
      }
    }
    Increment.Builder increment =
        Increment.newBuilder()
            .setKey(key(prefix + "key", event.get("key")))
            .setMetric(metric(prefix + "metric", event.get("metric")));
    JsonNode delta = event.get("delta");
    if (delta != null) {
      if (!delta.isIntegralNumber() || !delta.canConvertToLong() || delta.longValue() == 0) {
        throw bad(
            ErrorReason.ERROR_REASON_BAD_DELTA,
            prefix + "delta",
            delta + " (expected: a whole number of 64 bits other than 0)");
      }
      increment.setDelta(delta.longValue());
    }
    JsonNode time = event.get("time");
    if (time != null) {
      increment.setEventTimeMillis(time(prefix + "time", time));
    }
    JsonNode user = event.get("user");
    if (user != null) {
      increment.setUser(user(prefix + "user", user));
    }
    JsonNode eventId = event.get("event_id");
    if (eventId != null) {
      increment.setEventId(eventId(prefix + "event_id", eventId));
    }
    return increment.build();
  }

  private static ByteString eventId(String field, JsonNode value) {
    byte[] id = value.isTextual() ? EventIdRules.parse(value.textValue()) : null;
    if (id == null) {
      throw bad(
          ErrorReason.ERROR_REASON_BAD_EVENT_ID,
          field,
          value + " (expected: " + EventIdRules.TEXT_RULE + ")");
    }
    return ByteString.copyFrom(id);
  }

  private static ByteString key(String field, @Nullable JsonNode value) {
    byte[] key =
        value == null || !value.isTextual() ? null : PercentDecoder.utf8(value.textValue());
    if (key == null) {
      throw bad(
          ErrorReason.ERROR_REASON_BAD_KEY,
          field,
          (value == null ? "none" : value) + " (expected: a text that has a UTF-8 form)");
    }
    String violation = KeyRules.violation(key, 0, key.length);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_KEY, field, field + ": " + violation);
    }
    return ByteString.copyFrom(key);
  }

  private static ByteString user(String field, JsonNode value) {
    byte[] user = value.isTextual() ? PercentDecoder.utf8(value.textValue()) : null;
    if (user == null) {
      throw bad(
          ErrorReason.ERROR_REASON_BAD_USER,
          field,
          value + " (expected: a text with a UTF-8 form)");
    }
    String violation = KeyRules.violation(field, user, 0, user.length);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_USER, field, violation);
    }
    return ByteString.copyFrom(user);
  }

  private static String metric(String field, @Nullable JsonNode value) {
    if (value == null || !value.isTextual()) {
      throw bad(
          ErrorReason.ERROR_REASON_BAD_NAME,
          field,
          (value == null ? "none" : value) + " (expected: the name of a metric)");
    }
    String violation = NameRules.violation(field, value.textValue());
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, field, violation);
    }
    return value.textValue();
  }

  private static long time(String field, JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isTextual()) {
      try {
        return OffsetDateTime.parse(value.textValue()).toInstant().toEpochMilli();
      } catch (DateTimeException notATime) {
        throw badTime(field, value);
      }
    }
    throw badTime(field, value);
  }

  private static ByteString uuid(String text) {
    if (!UUID_TEXT.matcher(text).matches()) {
      throw bad(ErrorReason.ERROR_REASON_BAD_SESSION, "request_id", text + " (expected: a UUID)");
    }
    UUID uuid = UUID.fromString(text);
    return ByteString.copyFrom(
        ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .flip());
  }

  private static RuntimeException badTime(String field, JsonNode value) {
    return bad(
        ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
        field,
        value
            + " (expected: milliseconds since 1970-01-01T00:00:00Z, or a time such as"
            + " \"2012-07-04T07:00:00Z\")");
  }

  private static RuntimeException bad(ErrorReason reason, String field, String what) {
    return Errors.invalid(reason, field, field + ": " + what);
  }
}
