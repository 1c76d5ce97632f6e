package org.tallyring.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.load.LoadReport;
import org.tallyring.benchmarks.load.Verification;
import org.tallyring.cli.output.JsonLine;

/** Writes what a load measured. */
final class BenchPrinter {

  private final PrintWriter out;
  private final BenchFormat format;

  BenchPrinter(PrintWriter out, BenchFormat format) {
    this.out = out;
    this.format = format;
  }

  /**
   * Writes it.
   *
   * @param metrics the names of the metrics
   */
  void print(LoadReport report, List<String> metrics) {
    if (format == BenchFormat.JSON) {
      JsonLine.print(out, json -> write(json, report, metrics));
    } else {
      write(report);
    }
  }

  private static void write(JsonGenerator json, LoadReport report, List<String> metrics)
      throws IOException {
    json.writeNumberField("increments_per_s", Math.round(report.incrementsPerSecond()));
    json.writeNumberField("acknowledged", report.acknowledged());
    json.writeNumberField("seconds", report.seconds());
    json.writeNumberField("unsent", report.unsent());
    number(json, "ack_p50_ms", report.ackP50Millis());
    number(json, "ack_p99_ms", report.ackP99Millis());
    number(json, "ack_p999_ms", report.ackP999Millis());
    number(json, "server_cpu_ns_per_increment", report.serverCpuNanos());
    number(json, "driver_cpu_ns_per_increment", report.driverCpuNanos());
    number(json, "wire_bytes_per_increment", report.wireBytes());
    number(json, "journal_bytes_per_increment", report.journalBytes());
    json.writeNumberField("reads", report.reads());
    number(json, "read_p50_ms", report.readP50Millis());
    number(json, "read_p99_ms", report.readP99Millis());
    number(json, "visible_p50_ms", report.visibleP50Millis());
    number(json, "visible_p99_ms", report.visibleP99Millis());
    json.writeObjectFieldStart("errors");
    for (Map.Entry<String, Long> error : report.errors().entrySet()) {
      json.writeNumberField(error.getKey(), error.getValue());
    }
    json.writeEndObject();
    Verification verification = report.verification();
    if (verification != null) {
      json.writeNumberField("verified_counts", verification.keys());
      json.writeNumberField("differing_counts", verification.differing());
      json.writeArrayFieldStart("differences");
      for (Verification.Difference difference : verification.first()) {
        json.writeStartObject();
        json.writeStringField("metric", metrics.get(difference.metric()));
        json.writeStringField("key", difference.key());
        json.writeNumberField("at_least", difference.atLeast());
        json.writeNumberField("at_most", difference.atMost());
        json.writeNumberField("counted", difference.counted());
        json.writeEndObject();
      }
      json.writeEndArray();
    }
  }

  private static void number(JsonGenerator json, String name, @Nullable Double value)
      throws IOException {
    if (value == null) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, Math.round(value * 1_000) / 1_000.0);
    }
  }

  private void write(LoadReport report) {
    line(
        "throughput",
        String.format(
            Locale.ROOT,
            "%,d increments/s acknowledged (%,d in %.1f s)",
            Math.round(report.incrementsPerSecond()),
            report.acknowledged(),
            report.seconds()));
    if (report.unsent() > 0) {
      line(
          "not sent",
          String.format(Locale.ROOT, "%,d that were due, as no more were taken", report.unsent()));
    }
    line(
        "acknowledgement",
        latency("p50", report.ackP50Millis())
            + latency(", p99", report.ackP99Millis())
            + latency(", p99.9", report.ackP999Millis()));
    line("server CPU", each(report.serverCpuNanos(), "ns"));
    line("driver CPU", each(report.driverCpuNanos(), "ns"));
    line("wire", each(report.wireBytes(), "B"));
    line("journal", each(report.journalBytes(), "B"));
    if (report.reads() > 0) {
      line(
          "reads",
          String.format(
              Locale.ROOT,
              "%,.0f/s, %s%s",
              report.reads() / report.seconds(),
              latency("p50", report.readP50Millis()),
              latency(", p99", report.readP99Millis())));
    }
    if (report.visibleP50Millis() != null) {
      line(
          "visible after",
          latency("p50", report.visibleP50Millis()) + latency(", p99", report.visibleP99Millis()));
    }
    line(
        "errors",
        report.errors().isEmpty()
            ? "none"
            : report.errors().entrySet().stream()
                .map(error -> error.getKey() + " " + error.getValue())
                .collect(Collectors.joining(", ")));
    Verification verification = report.verification();
    if (verification != null) {
      line(
          "verified",
          verification.differing() == 0
              ? verification.keys() + " counts, all as sent"
              : verification.differing() + " of " + verification.keys() + " counts differ");
    }
    out.flush();
  }

  private void line(String name, String value) {
    out.printf(Locale.ROOT, "%-16s %s%n", name, value);
  }

  private static String latency(String name, @Nullable Double millis) {
    return name + (millis == null ? " unknown" : String.format(Locale.ROOT, " %.2f ms", millis));
  }

  private static String each(@Nullable Double value, String unit) {
    return value == null
        ? "unknown"
        : String.format(Locale.ROOT, "%,.1f %s an increment", value, unit);
  }
}
