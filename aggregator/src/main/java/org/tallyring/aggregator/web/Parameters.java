package org.tallyring.aggregator.web;

import com.google.protobuf.Timestamp;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.ScoreTerm;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;

/**
 * The parameters of a request, from the query and nowhere else. A parameter that nobody expects, or
 * one that is there twice, is refused: a misspelt {@code widnow=day} answered with another window's
 * counts would be a wrong answer. Lists are the exception: {@code where=a>1&where=b>2} is {@code
 * where=a>1,b>2}.
 *
 * <p>All methods fail with INVALID_ARGUMENT, naming the parameter.
 */
final class Parameters {

  private static final Set<String> LISTS = Set.of("include", "where");

  /** Terms of a score are joined by a plus, which elsewhere in a query means a space. */
  private static final String SCORE = "score";

  private final Map<String, String> values = new TreeMap<>();

  /** Reads the query of a request that may have the parameters {@code expected}. */
  Parameters(ServiceRequestContext context, List<String> expected) {
    String target = context.request().path();
    int queryAt = target.indexOf('?');
    if (queryAt < 0 || queryAt == target.length() - 1) {
      return;
    }
    for (String pair : target.substring(queryAt + 1).split("&", -1)) {
      int equals = pair.indexOf('=');
      String encodedName = equals < 0 ? pair : pair.substring(0, equals);
      String name = PercentDecoder.text(encodedName, true);
      if (name == null || !expected.contains(name)) {
        throw bad(
            name == null ? encodedName : name,
            "unknown parameter (expected: " + String.join(", ", expected) + ")");
      }
      String value =
          equals < 0 ? null : PercentDecoder.text(pair.substring(equals + 1), !name.equals(SCORE));
      if (value == null || value.isEmpty()) {
        throw bad(name, "no value (expected: one, as percent-encoded UTF-8)");
      }
      String before = values.put(name, value);
      if (before != null && LISTS.contains(name)) {
        values.put(name, before + "," + value);
      } else if (before != null) {
        throw bad(name, "given more than once (expected: once)");
      }
    }
  }

  /** A text; null if not given. */
  @Nullable String text(String name) {
    return values.get(name);
  }

  /** A text, or another if not given. */
  String text(String name, String otherwise) {
    return values.getOrDefault(name, otherwise);
  }

  /** {@code true} or {@code false}; false if not given. */
  boolean flag(String name) {
    String value = values.getOrDefault(name, "false");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw bad(name, value + " (expected: true or false)");
    };
  }

  /** Whether the only value that a parameter can have is given. */
  boolean choice(String name, String only) {
    String value = values.get(name);
    if (value != null && !value.equals(only)) {
      throw bad(name, value + " (expected: " + only + ")");
    }
    return value != null;
  }

  /** The names of a list; empty if not given. */
  List<String> names(String name) {
    String value = values.get(name);
    return value == null ? List.of() : CriterionText.names(value);
  }

  /** The conditions that {@code where} holds; empty if not given. */
  List<MetricFilter> filters() {
    String value = values.get("where");
    try {
      return value == null ? List.of() : CriterionText.filters(value);
    } catch (IllegalArgumentException e) {
      throw malformed("where", e);
    }
  }

  /** The terms that {@code score} holds; empty if not given. */
  List<ScoreTerm> score() {
    String value = values.get(SCORE);
    try {
      return value == null ? List.of() : CriterionText.score(value);
    } catch (IllegalArgumentException e) {
      throw malformed(SCORE, e);
    }
  }

  /** A decimal number; null if not given. */
  @Nullable Integer number(String name, ErrorReason reason, String expected) {
    String value = values.get(name);
    if (value == null) {
      return null;
    }
    try {
      return Integer.valueOf(value);
    } catch (NumberFormatException notANumber) {
      throw Errors.invalid(reason, name, name + ": " + value + " (expected: " + expected + ")");
    }
  }

  /**
   * The window that {@code window} and {@code at} select.
   *
   * @param otherwise the kind if none is given; null if one must be
   */
  WindowSelector window(@Nullable String otherwise) {
    String kind = values.getOrDefault("window", otherwise == null ? "" : otherwise);
    WindowSelector.Builder selector =
        WindowSelector.newBuilder()
            .setWindow(
                switch (kind) {
                  case "hour" -> Window.WINDOW_HOUR;
                  case "day" -> Window.WINDOW_DAY;
                  case "month" -> Window.WINDOW_MONTH;
                  case "all" -> Window.WINDOW_ALL;
                  default ->
                      throw badWindow(
                          "window",
                          (kind.isEmpty() ? "none" : kind)
                              + " (expected: hour, day, month or all)");
                });
    String at = values.get("at");
    if (at != null) {
      switch (at) {
        case "current" -> selector.setCurrent(true);
        case "sealed" -> selector.setSealed(true);
        default -> selector.setTime(time(at));
      }
    }
    return selector.build();
  }

  private static Timestamp time(String at) {
    try {
      Instant instant = OffsetDateTime.parse(at).toInstant();
      return Timestamp.newBuilder()
          .setSeconds(instant.getEpochSecond())
          .setNanos(instant.getNano())
          .build();
    } catch (DateTimeException notATime) {
      throw badWindow(
          "at", at + " (expected: current, sealed or a time such as 2012-07-04T07:00:00Z)");
    }
  }

  private static RuntimeException bad(String name, String what) {
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_PARAMETER, name, name + ": " + what);
  }

  private static RuntimeException malformed(String name, IllegalArgumentException why) {
    return Errors.invalid(
        ErrorReason.ERROR_REASON_BAD_PARAMETER, name, String.valueOf(why.getMessage()));
  }

  private static RuntimeException badWindow(String name, String what) {
    return Errors.invalid(ErrorReason.ERROR_REASON_BAD_WINDOW, name, name + ": " + what);
  }
}
