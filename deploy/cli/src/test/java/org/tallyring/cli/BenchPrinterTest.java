package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.benchmarks.load.LoadReport;
import org.tallyring.benchmarks.load.Verification;

final class BenchPrinterTest {

  private static final Verification DIFFERING =
      new Verification(
          1_000, 1, List.of(new Verification.Difference(1, "00000000000000ff", 7, 8, 9)));

  private static String printed(BenchFormat format, LoadReport report) {
    StringWriter out = new StringWriter();
    new BenchPrinter(new PrintWriter(out), format).print(report, List.of("views", "clicks"));
    return out.toString();
  }

  private static LoadReport full(@Nullable Verification verification) {
    return new LoadReport(
        2.0,
        2_469_134,
        17,
        1.25,
        9.5,
        20.0,
        812.3456,
        99.0,
        20.5,
        21.25,
        200,
        0.5,
        4.75,
        120.0,
        260.0,
        new TreeMap<>(Map.of("OVERLOADED", 3L, "DEADLINE", 1L)),
        verification);
  }

  private static LoadReport bare() {
    return new LoadReport(
        2.0, 100, 0, null, null, null, null, null, null, null, 0, null, null, null, null, Map.of(),
        null);
  }

  @Test
  void textIsForPeople() {
    assertThat(printed(BenchFormat.TEXT, full(new Verification(1_000, 0, List.of()))))
        .isEqualTo(
            """
            throughput       1,234,567 increments/s acknowledged (2,469,134 in 2.0 s)
            not sent         17 that were due, as no more were taken
            acknowledgement  p50 1.25 ms, p99 9.50 ms, p99.9 20.00 ms
            server CPU       812.3 ns an increment
            driver CPU       99.0 ns an increment
            wire             20.5 B an increment
            journal          21.3 B an increment
            reads            100/s, p50 0.50 ms, p99 4.75 ms
            visible after    p50 120.00 ms, p99 260.00 ms
            errors           DEADLINE 1, OVERLOADED 3
            verified         1000 counts, all as sent
            """);
    assertThat(printed(BenchFormat.TEXT, full(DIFFERING))).contains("1 of 1000 counts differ");
  }

  @Test
  void aFigureThatNobodyToldIsUnknown() {
    assertThat(printed(BenchFormat.TEXT, bare()))
        .isEqualTo(
            """
            throughput       50 increments/s acknowledged (100 in 2.0 s)
            acknowledgement  p50 unknown, p99 unknown, p99.9 unknown
            server CPU       unknown
            driver CPU       unknown
            wire             unknown
            journal          unknown
            errors           none
            """);
  }

  @Test
  void jsonIsOneObjectOnOneLine() throws IOException {
    String line = printed(BenchFormat.JSON, full(DIFFERING));

    assertThat(line.lines()).hasSize(1);
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.path("increments_per_s").asLong()).isEqualTo(1_234_567);
    assertThat(json.path("ack_p50_ms").asDouble()).isEqualTo(1.25);
    assertThat(json.path("ack_p99_ms").asDouble()).isEqualTo(9.5);
    assertThat(json.path("server_cpu_ns_per_increment").asDouble()).isEqualTo(812.346);
    assertThat(json.path("wire_bytes_per_increment").asDouble()).isEqualTo(20.5);
    assertThat(json.path("journal_bytes_per_increment").asDouble()).isEqualTo(21.25);
    assertThat(json.path("read_p99_ms").asDouble()).isEqualTo(4.75);
    assertThat(json.path("errors").toString()).isEqualTo("{\"DEADLINE\":1,\"OVERLOADED\":3}");
    assertThat(json.path("differing_counts").asLong()).isEqualTo(1);
    assertThat(json.path("differences").toString())
        .isEqualTo(
            "[{\"metric\":\"clicks\",\"key\":\"00000000000000ff\",\"at_least\":7,\"at_most\":8,"
                + "\"counted\":9}]");
  }

  @Test
  void aFigureThatNobodyToldIsNullInJson() throws IOException {
    JsonNode json = new ObjectMapper().readTree(printed(BenchFormat.JSON, bare()));

    for (String figure :
        List.of(
            "ack_p50_ms",
            "ack_p99_ms",
            "server_cpu_ns_per_increment",
            "wire_bytes_per_increment",
            "journal_bytes_per_increment",
            "read_p99_ms")) {
      assertThat(json.has(figure)).as(figure).isTrue();
      assertThat(json.get(figure).isNull()).as(figure).isTrue();
    }
    assertThat(json.has("verified_counts")).isFalse();
  }
}
