package org.tallyring.aggregator.web;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.Timestamp;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.tallyring.aggregator.merge.Ranking;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.Window;
import org.tallyring.topology.window.BucketWidth;

/** JSON as this API writes and reads it. */
final class Json {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          // Of two values under one name one would be ignored in silence.
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
          .build();

  private Json() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * Reads a document.
   *
   * @throws IOException if it is not well-formed
   */
  static JsonNode read(byte[] document) throws IOException {
    return MAPPER.readTree(document);
  }

  static HttpResponse response(HttpStatus status, JsonNode document) {
    return HttpResponse.of(status, MediaType.JSON_UTF_8, HttpData.wrap(bytes(document)));
  }

  static byte[] bytes(JsonNode document) {
    try {
      return MAPPER.writeValueAsBytes(document);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException("a tree in memory could not be written", impossible);
    }
  }

  /** How good an answer is, the same in every answer with a count. */
  static void label(ObjectNode document, AnswerLabel label) {
    boolean isSpan = label.getBucket() != Window.WINDOW_UNSPECIFIED;
    document.put("window", isSpan ? "span" : name(label.getWindow()));
    if (label.hasBucketLength()) {
      document.put(
          "bucket",
          new BucketWidth(ProtoTimes.duration(label.getBucketLength()).toMillis()).toString());
    } else if (isSpan) {
      document.put("bucket", name(label.getBucket()));
    }
    time(document, "start", label.hasStartTime(), label.getStartTime());
    time(document, "end", label.hasEndTime(), label.getEndTime());
    time(document, "as_of", label.hasAsOfTime(), label.getAsOfTime());
    document.put("final", label.getFinal());
    document.put("revision", label.getRevision());
    document.put("exact", label.getExact());
    if (label.getMaxError() != 0) {
      document.put("max_error", label.getMaxError());
    }
    if (label.getStandardError() > 0) {
      document.put("standard_error", label.getStandardError());
    }
    if (label.hasSinceTime()) {
      time(document, "since", true, label.getSinceTime());
    }
    document.put("ranges_total", Integer.toUnsignedLong(label.getRangesTotal()));
    document.put("ranges_included", Integer.toUnsignedLong(label.getRangesIncluded()));
  }

  /** Rows of a ranking, from a rank on. */
  static void rows(ArrayNode items, Ranking ranking, long firstRank) {
    for (int place = 0; place < ranking.size(); place++) {
      items
          .addObject()
          .put("id", new String(ranking.key(place), StandardCharsets.UTF_8))
          .put("count", ranking.count(place))
          .put("rank", firstRank + place);
    }
  }

  /** A moment; null if it is absent. */
  static void time(ObjectNode document, String name, boolean present, Timestamp time) {
    if (present) {
      document.put(name, Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).toString());
    } else {
      document.putNull(name);
    }
  }

  private static String name(Window window) {
    return switch (window) {
      case WINDOW_BUCKET -> "bucket";
      case WINDOW_MINUTE -> "minute";
      case WINDOW_HOUR -> "hour";
      case WINDOW_DAY -> "day";
      case WINDOW_MONTH -> "month";
      case WINDOW_ALL -> "all";
      case WINDOW_UNSPECIFIED, UNRECOGNIZED -> "unknown";
    };
  }
}
