package org.tallyring.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventGap;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.Window;

/** Shows events, each on a line as soon as it comes. */
final class EventPrinter {

  private static final String NOTHING = "-";

  private final Console console;
  private final OutputFormat format;

  EventPrinter(Console console, OutputFormat format) {
    this.console = console;
    this.format = format;
  }

  /** What a kind is called, for example {@code window_sealed}. */
  static String nameOf(EventKind kind) {
    return kind.name().substring("EVENT_KIND_".length()).toLowerCase(Locale.ROOT);
  }

  void print(EventGap gap) {
    if (format != OutputFormat.JSON) {
      console.note(
          "missed "
              + gap.getMissed()
              + " events and "
              + gap.getMissedHits()
              + " hits of range "
              + gap.getRangeId());
      return;
    }
    JsonLine.print(
        console.out(),
        json -> {
          json.writeStringField("kind", "gap");
          json.writeNumberField("range", gap.getRangeId());
          json.writeNumberField("missed", gap.getMissed());
          json.writeNumberField("missed_hits", gap.getMissedHits());
        });
  }

  void print(Event event) {
    Map<String, Object> details = details(event);
    String time = time(event.getJournalTimeMillis());
    String key = event.getKey().toStringUtf8();
    switch (format) {
      case TABLE ->
          console
              .out()
              .printf(
                  "%-24s  %-18s  %s  %s  %s%n",
                  time, nameOf(event.getKind()), scope(event), orNothing(key), inWords(details));
      case TSV ->
          console
              .out()
              .println(
                  String.join(
                      "\t",
                      time,
                      nameOf(event.getKind()),
                      Integer.toString(event.getRangeId()),
                      Long.toString(event.getNumber()),
                      event.getNamespace(),
                      event.getMetric(),
                      key,
                      inWords(details)));
      case JSON ->
          JsonLine.print(
              console.out(),
              json -> {
                json.writeStringField("kind", nameOf(event.getKind()));
                json.writeNumberField("range", event.getRangeId());
                json.writeNumberField("number", event.getNumber());
                json.writeStringField("journal_time", time);
                json.writeStringField("namespace", event.getNamespace());
                writeUnlessEmpty(json, "metric", event.getMetric());
                writeUnlessEmpty(json, "key", key);
                for (Map.Entry<String, Object> detail : details.entrySet()) {
                  json.writeObjectField(detail.getKey(), detail.getValue());
                }
              });
    }
    console.out().flush();
  }

  private static void writeUnlessEmpty(JsonGenerator json, String name, String value)
      throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(name, value);
    }
  }

  private static String scope(Event event) {
    return event.getMetric().isEmpty()
        ? event.getNamespace()
        : event.getNamespace() + "/" + event.getMetric();
  }

  private static String orNothing(String text) {
    return text.isEmpty() ? NOTHING : text;
  }

  private static String inWords(Map<String, Object> details) {
    List<String> words = new ArrayList<>();
    details.forEach((name, value) -> words.add(name + "=" + value));
    return String.join(" ", words);
  }

  private static Map<String, Object> details(Event event) {
    Map<String, Object> details = new LinkedHashMap<>();
    switch (event.getPayloadCase()) {
      case HIT_RECORDED -> {
        details.put("delta", event.getHitRecorded().getDelta());
        details.put("event_time", time(event.getHitRecorded().getEventTimeMillis()));
      }
      case PRUNED -> details.put("entries", event.getPruned().getEntries());
      case STRATEGY_SWAPPED -> {
        details.put("from", event.getStrategySwapped().getFrom());
        details.put("to", event.getStrategySwapped().getTo());
      }
      case STRATEGY_RESET -> details.put("strategy", event.getStrategyReset().getStrategy());
      case WINDOW_SEALED -> {
        details.put("window", nameOf(event.getWindowSealed().getWindow()));
        details.put("start", time(event.getWindowSealed().getStartMillis()));
        details.put("end", time(event.getWindowSealed().getEndMillis()));
      }
      case WINDOW_CORRECTED -> {
        details.put("window", nameOf(event.getWindowCorrected().getWindow()));
        details.put("start", time(event.getWindowCorrected().getStartMillis()));
        details.put("end", time(event.getWindowCorrected().getEndMillis()));
        details.put("revision", event.getWindowCorrected().getRevision());
      }
      case THRESHOLD_EXCEEDED -> {
        details.put("rule", event.getThresholdExceeded().getRule());
        boolean isSpan = event.getThresholdExceeded().getWindow() == Window.WINDOW_UNSPECIFIED;
        details.put("window", isSpan ? "span" : nameOf(event.getThresholdExceeded().getWindow()));
        if (event.getThresholdExceeded().getWindow() != Window.WINDOW_ALL) {
          details.put("start", time(event.getThresholdExceeded().getStartMillis()));
        }
        if (isSpan) {
          details.put("end", time(event.getThresholdExceeded().getEndMillis()));
        }
        details.put("limit", event.getThresholdExceeded().getLimit());
        details.put("count", event.getThresholdExceeded().getCount());
        details.put("event_time", time(event.getThresholdExceeded().getEventTimeMillis()));
      }
      case METRICS_UPDATED -> details.put("revision", event.getMetricsUpdated().getRevision());
      case SNAPSHOT_RESTORED -> {
        details.put("snapshot", event.getSnapshotRestored().getSnapshot());
        details.put("keys", event.getSnapshotRestored().getKeys());
      }
      // Of a later version: kind, place and number still tell something.
      case PAYLOAD_NOT_SET -> {}
    }
    return details;
  }

  private static String nameOf(Window window) {
    return window.name().substring("WINDOW_".length()).toLowerCase(Locale.ROOT);
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
