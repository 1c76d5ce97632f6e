package org.tallyring.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.output.TextTable;
import org.tallyring.proto.v1.GetRankRequest;
import org.tallyring.proto.v1.GetRankResponse;
import org.tallyring.proto.v1.RankedRow;

/** Shows the place of a key: the rows above it, itself and the rows below. */
final class RankPrinter {

  private final Console console;
  private final OutputFormat format;

  RankPrinter(Console console, OutputFormat format) {
    this.console = console;
    this.format = format;
  }

  void print(GetRankRequest request, GetRankResponse response) {
    PrintWriter out = console.out();
    Label label = new Label(response.getLabel());
    switch (format) {
      case TABLE -> {
        out.println(request.getNamespace() + "/" + request.getMetric() + ", " + label.window());
        out.println(place(request, response));
        TextTable table = new TextTable("RANK", "KEY", "COUNT");
        for (RankedRow row : rows(request, response)) {
          table.add(row.getRank(), row.getKey().toStringUtf8(), row.getCount());
        }
        table.print(out);
        out.println(label.quality());
      }
      case TSV -> {
        for (RankedRow row : rows(request, response)) {
          out.println(row.getRank() + "\t" + row.getKey().toStringUtf8() + "\t" + row.getCount());
        }
      }
      case JSON -> JsonLine.print(out, json -> write(json, request, response, label));
    }
    out.flush();
    if (!label.isComplete()) {
      console.note(label.incomplete());
    }
  }

  /** For example {@code #37 of 41,270, was #52}. */
  private static String place(GetRankRequest request, GetRankResponse response) {
    String place =
        rank(response.getRank()) + " of " + String.format(Locale.ROOT, "%,d", response.getTotal());
    return request.getComparePrevious()
        ? place + ", was " + rank(response.getPreviousRank())
        : place;
  }

  private static String rank(long rank) {
    return rank == 0 ? "not ranked" : "#" + String.format(Locale.ROOT, "%,d", rank);
  }

  private static List<RankedRow> rows(GetRankRequest request, GetRankResponse response) {
    List<RankedRow> rows = new ArrayList<>(response.getAboveList());
    rows.add(row(request.getKey(), response));
    rows.addAll(response.getBelowList());
    return rows;
  }

  private static RankedRow row(ByteString key, GetRankResponse response) {
    return RankedRow.newBuilder()
        .setRank(response.getRank())
        .setKey(key)
        .setCount(response.getCount())
        .build();
  }

  private static void write(
      JsonGenerator json, GetRankRequest request, GetRankResponse response, Label label)
      throws IOException {
    json.writeStringField("namespace", request.getNamespace());
    json.writeStringField("metric", request.getMetric());
    json.writeStringField("id", request.getKey().toStringUtf8());
    json.writeNumberField("rank", response.getRank());
    json.writeNumberField("total", response.getTotal());
    json.writeNumberField("count", response.getCount());
    if (response.hasPreviousRank()) {
      json.writeNumberField("previous_rank", response.getPreviousRank());
    }
    write(json, "above", response.getAboveList());
    write(json, "below", response.getBelowList());
    label.writeFields(json);
  }

  private static void write(JsonGenerator json, String name, List<RankedRow> rows)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (RankedRow row : rows) {
      json.writeStartObject();
      json.writeStringField("id", row.getKey().toStringUtf8());
      json.writeNumberField("count", row.getCount());
      json.writeNumberField("rank", row.getRank());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
