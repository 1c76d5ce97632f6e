package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.Label;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.output.TextTable;
import org.tallyring.proto.criterion.CriterionText;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.RankedKey;
import org.tallyring.proto.v1.Window;

/** Shows a ranking, once or again and again in the same place. */
final class TopPrinter {

  /** Cursor to the top left, then clear to the end of the screen: no flicker. */
  private static final String HOME = "\u001b[H\u001b[J";

  private final Console console;
  private final OutputFormat format;

  TopPrinter(Console console, OutputFormat format) {
    this.console = console;
    this.format = format;
  }

  /** Over the one before on a terminal, below it elsewhere. */
  void redraw(GetTopKRequest request, GetTopKResponse response) {
    if (console.terminal().out()) {
      console.out().print(HOME);
    }
    print(request, response);
  }

  void print(GetTopKRequest request, GetTopKResponse response) {
    Label label = new Label(response.getLabel());
    PrintWriter out = console.out();
    switch (format) {
      case TABLE -> printTable(out, request, response, label);
      case TSV -> {
        for (RankedKey item : response.getItemsList()) {
          out.println(
              cells(request, item).stream()
                  .map(Object::toString)
                  .collect(Collectors.joining("\t")));
        }
      }
      case JSON ->
          JsonLine.print(
              out,
              json -> {
                json.writeStringField("namespace", request.getNamespace());
                json.writeStringField("metric", request.getMetric());
                label.writeFields(json);
                json.writeArrayFieldStart("items");
                for (RankedKey item : response.getItemsList()) {
                  json.writeStartObject();
                  json.writeStringField("id", text(item.getKey()));
                  json.writeNumberField("count", item.getCount());
                  json.writeNumberField("rank", item.getRank());
                  if (isScored(request)) {
                    json.writeNumberField("score", CriterionText.decimal(item.getScoreMicros()));
                  }
                  if (request.getIncludeCount() > 0) {
                    json.writeObjectFieldStart("included");
                    for (int i = 0; i < request.getIncludeCount(); i++) {
                      json.writeNumberField(request.getInclude(i), item.getIncluded(i));
                    }
                    json.writeEndObject();
                  }
                  json.writeEndObject();
                }
                json.writeEndArray();
              });
    }
    out.flush();
    if (format != OutputFormat.TABLE && !label.isComplete()) {
      console.note(label.incomplete());
    }
    if (response.getItemsCount() > 0) {
      return;
    }
    if (request.getWindow().hasLast()) {
      console.note(
          "nothing was counted in this span; --at 2012-07-04 lets it end in the past, --window all"
              + " shows everything");
    } else if (request.getWindow().getWindow() != Window.WINDOW_ALL) {
      console.note(
          "nothing was counted in this window; --at current shows the open one, --at"
              + " 2012-07-04 the one of a day in the past, --window all everything");
    }
  }

  private static void printTable(
      PrintWriter out, GetTopKRequest request, GetTopKResponse response, Label label) {
    out.println(request.getNamespace() + "/" + request.getMetric() + ", " + label.window());
    List<String> headings = new ArrayList<>(List.of("RANK", "KEY", "COUNT"));
    if (isScored(request)) {
      headings.add("SCORE");
    }
    request.getIncludeList().forEach(metric -> headings.add(metric.toUpperCase(Locale.ROOT)));
    TextTable table = new TextTable(headings.toArray(String[]::new));
    for (RankedKey item : response.getItemsList()) {
      table.add(cells(request, item).toArray());
    }
    table.print(out);
    out.println(label.quality());
    if (!label.isComplete()) {
      out.println(label.incomplete());
    }
  }

  /** Rank, key and count, then the score if there is one, then the counts included. */
  private static List<Object> cells(GetTopKRequest request, RankedKey item) {
    List<Object> cells = new ArrayList<>();
    cells.add(item.getRank());
    cells.add(text(item.getKey()));
    cells.add(item.getCount());
    if (isScored(request)) {
      cells.add(CriterionText.decimal(item.getScoreMicros()).toPlainString());
    }
    cells.addAll(item.getIncludedList());
    return cells;
  }

  private static boolean isScored(GetTopKRequest request) {
    return request.getScoreCount() > 0;
  }

  private static String text(ByteString key) {
    return key.toStringUtf8();
  }
}
