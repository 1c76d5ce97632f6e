package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.LoggedBatch;
import org.tallyring.proto.v1.LoggedDefinition;
import org.tallyring.proto.v1.LoggedRestore;
import org.tallyring.proto.v1.RecordBatch;

/** Shows entries of a journal, each part of them on a line of its own as soon as it comes. */
final class LogPrinter {

  private static final String NOTHING = "-";

  /** How much is shown. */
  enum Detail {
    /** A line for each batch. */
    BATCHES,
    /** A line for each increment. */
    ROWS,
    /** A line for each increment that counted, and nothing else. */
    COUNTED
  }

  /**
   * A line.
   *
   * @param kind what kind of thing it tells
   * @param time when that was accepted; empty where the journal does not say
   * @param details the rest, by name: numbers and texts
   */
  private record Line(
      String kind,
      String time,
      String namespace,
      String metric,
      String key,
      Map<String, Object> details) {}

  private final Console console;
  private final OutputFormat format;
  private final Detail detail;

  LogPrinter(Console console, OutputFormat format, Detail detail) {
    this.console = console;
    this.format = format;
    this.detail = detail;
  }

  void print(LogEntry entry) {
    if (detail != Detail.COUNTED || entry.hasBatches()) {
      lines(entry).forEach(line -> print(entry, line));
    }
  }

  private List<Line> lines(LogEntry entry) {
    return switch (entry.getContentCase()) {
      case SEGMENT_BEGUN -> List.of(line("segment_begun", "", Map.of()));
      case BATCHES -> {
        List<Line> lines = new ArrayList<>();
        for (LoggedBatch batch : entry.getBatches().getBatchesList()) {
          if (detail == Detail.BATCHES) {
            lines.add(line(batch));
          } else {
            addRows(batch, lines);
          }
        }
        yield lines;
      }
      case NAMESPACE_DELETED ->
          List.of(
              line(
                  "namespace_deleted",
                  "",
                  Map.of("uid", entry.getNamespaceDeleted().getNamespaceUid())));
      case NAMESPACE_DEFINED -> List.of(line(entry.getNamespaceDefined()));
      case NAMESPACE_RESTORED -> List.of(line(entry.getNamespaceRestored()));
      // Of a later version: place and owner still tell something.
      case CONTENT_NOT_SET -> List.of(line("unknown", "", Map.of()));
    };
  }

  private static Line line(String kind, String namespace, Map<String, Object> details) {
    return new Line(kind, "", namespace, "", "", details);
  }

  private static Line line(LoggedDefinition definition) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("uid", definition.getNamespaceUid());
    details.put("revision", definition.getRevision());
    details.put("metrics", String.join(",", definition.getMetricsList()));
    return line("namespace_defined", definition.getName(), details);
  }

  private static Line line(LoggedRestore restored) {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("uid", restored.getNamespaceUid());
    details.put("piece", restored.getSequence());
    details.put("bytes", restored.getByteSize());
    if (!restored.getSnapshot().isEmpty()) {
      details.put("snapshot", restored.getSnapshot());
    }
    return line("namespace_restored", restored.getName(), details);
  }

  private static Line line(LoggedBatch logged) {
    RecordBatch batch = logged.getBatch();
    Map<String, Object> details = producer(logged);
    long increments = 0;
    long sum = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      increments += repeats(batch, row);
      sum += delta(batch, row) * repeats(batch, row);
    }
    details.put("increments", increments);
    details.put("sum", sum);
    details.put("metrics", String.join(",", batch.getMetricsList()));
    String time = time(logged.getAcceptedAtMillis());
    return new Line("batch", time, batch.getNamespace(), "", "", details);
  }

  private void addRows(LoggedBatch logged, List<Line> lines) {
    RecordBatch batch = logged.getBatch();
    long base =
        batch.hasBaseTimeMillis() ? batch.getBaseTimeMillis() : logged.getAcceptedAtMillis();
    int keyAt = 0;
    int userAt = 0;
    int eventIdAt = 0;
    int skipped = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      ByteString key = batch.getKeys().substring(keyAt, keyAt += batch.getKeyLengths(row));
      Map<String, Object> details = new LinkedHashMap<>();
      details.put("delta", delta(batch, row));
      long offset = batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row);
      details.put("event_time", time(base + offset));
      int userLength = batch.getUserLengthsCount() == 0 ? 0 : batch.getUserLengths(row);
      // Always there for who reads what counted: a field that comes and goes is hard to read.
      if (userLength > 0 || detail == Detail.COUNTED) {
        details.put(
            "user", batch.getUsers().substring(userAt, userAt += userLength).toStringUtf8());
      }
      int idLength = batch.getEventIdLengthsCount() == 0 ? 0 : batch.getEventIdLengths(row);
      if (idLength > 0) {
        ByteString id = batch.getEventIds().substring(eventIdAt, eventIdAt += idLength);
        details.put("event_id", "0x" + hex(id));
      }
      details.putAll(producer(logged));
      if (skipped < logged.getDuplicateRowsCount() && logged.getDuplicateRows(skipped) == row) {
        skipped++;
        continue;
      }
      int metric = batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row);
      Line line =
          new Line(
              "increment",
              time(logged.getAcceptedAtMillis()),
              batch.getNamespace(),
              batch.getMetrics(metric),
              key.toStringUtf8(),
              details);
      lines.addAll(Collections.nCopies(repeats(batch, row), line));
    }
  }

  private static long delta(RecordBatch batch, int row) {
    return batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
  }

  /** How many increments alike the row is. */
  private static int repeats(RecordBatch batch, int row) {
    return batch.getRepeatsCount() == 0 ? 1 : batch.getRepeats(row);
  }

  private static Map<String, Object> producer(LoggedBatch logged) {
    Map<String, Object> producer = new LinkedHashMap<>();
    if (!logged.getSessionId().isEmpty()) {
      producer.put("session", hex(logged.getSessionId()));
      producer.put("sequence", logged.getBatch().getSequence());
    }
    return producer;
  }

  private void print(LogEntry entry, Line line) {
    String place = VerificationPrinter.place(entry.getPosition());
    switch (format) {
      case TABLE ->
          console
              .out()
              .printf(
                  "%-8s  %-24s  %-12s  %-17s  %s  %s  %s%n",
                  place,
                  orNothing(line.time()),
                  entry.getOwner() + "@" + entry.getEpoch(),
                  line.kind(),
                  orNothing(scope(line)),
                  orNothing(line.key()),
                  inWords(line.details()));
      case TSV ->
          console
              .out()
              .println(
                  String.join(
                      "\t",
                      place,
                      line.time(),
                      entry.getOwner(),
                      Long.toString(entry.getEpoch()),
                      line.kind(),
                      line.namespace(),
                      line.metric(),
                      line.key(),
                      inWords(line.details())));
      case JSON ->
          JsonLine.print(
              console.out(),
              json -> {
                json.writeStringField("place", place);
                json.writeStringField("kind", line.kind());
                json.writeStringField("owner", entry.getOwner());
                json.writeNumberField("epoch", entry.getEpoch());
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("accepted_at", line.time());
                fields.put("namespace", line.namespace());
                fields.put("metric", line.metric());
                fields.put("key", line.key());
                fields.values().removeIf(""::equals);
                fields.putAll(line.details());
                for (Map.Entry<String, Object> field : fields.entrySet()) {
                  json.writeObjectField(field.getKey(), field.getValue());
                }
              });
    }
  }

  private static String scope(Line line) {
    return line.metric().isEmpty() ? line.namespace() : line.namespace() + "/" + line.metric();
  }

  private static String orNothing(String text) {
    return text.isEmpty() ? NOTHING : text;
  }

  private static String inWords(Map<String, Object> details) {
    List<String> words = new ArrayList<>();
    details.forEach((name, value) -> words.add(name + "=" + value));
    return String.join(" ", words);
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }
}
