package org.tallyring.aggregator.web;

import com.google.protobuf.Timestamp;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.time.ProtoTimes;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.MetricFilter;
import org.tallyring.proto.v1.ScoreTerm;
import org.tallyring.proto.v1.Window;
import org.tallyring.proto.v1.WindowSelector;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.SeriesPeriod;
import org.tallyring.topology.window.WindowLevel;

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

  private static final List<String> WINDOWS = List.of("hour", "day", "month", "all");
  private static final List<String> STEPS = List.of("bucket", "minute", "hour", "day", "month");

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
   * The window that {@code window} and {@code at} select, or the span that {@code last} and {@code
   * at} do.
   *
   * @param otherwise the kind of window if neither is given; null if one must be
   */
  WindowSelector window(@Nullable String otherwise) {
    WindowSelector.Builder selector = WindowSelector.newBuilder();
    String last = values.get("last");
    String kind = values.get("window");
    if (last == null) {
      String given = kind != null ? kind : otherwise;
      selector.setWindow(level("window", given == null ? "none" : given, WINDOWS));
    } else if (kind == null) {
      selector.setLast(ProtoTimes.duration(SpanText.parse("last", last)));
    } else {
      throw badWindow("last", last + " (expected: either last or window, not both)");
    }
    String at = values.get("at");
    if (at != null) {
      switch (at) {
        case "current" -> selector.setCurrent(true);
        case "sealed" -> selector.setSealed(true);
        default -> selector.setTime(time("at", at, "current, sealed or a time"));
      }
    }
    return selector.build();
  }

  /**
   * The period that {@code step}, {@code start}, {@code end} and {@code last} select.
   *
   * @param width how long the metric's finest buckets are
   */
  GetSeriesRequest.Builder period(BucketWidth width, long nowMillis) {
    Window step = level("step", values.getOrDefault("step", "none"), STEPS);
    GetSeriesRequest.Builder request = GetSeriesRequest.newBuilder().setStep(step);
    String end = values.get("end");
    request.setEndTime(end == null ? ProtoTimes.timestamp(nowMillis) : time("end", end, "a time"));
    String start = values.get("start");
    String last = values.get("last");
    if ((start == null) == (last == null)) {
      throw badWindow(
          "start", (start == null ? "none" : start) + " (expected: either start or last)");
    }
    if (start != null) {
      return request.setStartTime(time("start", start, "a time"));
    }
    boolean own = step == Window.WINDOW_BUCKET;
    long startMillis =
        SeriesPeriod.start(
            own ? WindowLevel.MINUTE : Windows.level(step).orElseThrow(),
            own ? width : BucketWidth.MINUTE,
            SpanText.parse("last", String.valueOf(last)),
            ProtoTimes.millis(request.getEndTime()));
    return request.setStartTime(ProtoTimes.timestamp(startMillis));
  }

  private static Window level(String name, String kind, List<String> kinds) {
    if (!kinds.contains(kind)) {
      throw badWindow(name, kind + " (expected: " + rule(kinds) + ")");
    }
    return Window.valueOf("WINDOW_" + kind.toUpperCase(Locale.ROOT));
  }

  private static String rule(List<String> kinds) {
    int last = kinds.size() - 1;
    return String.join(", ", kinds.subList(0, last)) + " or " + kinds.get(last);
  }

  private static Timestamp time(String name, String text, String rule) {
    try {
      return ProtoTimes.timestamp(OffsetDateTime.parse(text).toInstant().toEpochMilli());
    } catch (DateTimeException | ArithmeticException notATime) {
      throw badWindow(name, text + " (expected: " + rule + " such as 2012-07-04T07:00:00Z)");
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
