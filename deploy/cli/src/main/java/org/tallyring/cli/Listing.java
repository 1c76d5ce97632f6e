package org.tallyring.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tallyring.cli.output.JsonLine;
import org.tallyring.cli.output.OutputFormat;
import org.tallyring.cli.output.TextTable;

/** Rows of the same fields, written in any format. A field is a text, a number or a boolean. */
final class Listing {

  private static final String NOTHING = "-";

  private final String name;
  private final List<String> fields;
  private final List<List<Object>> rows = new ArrayList<>();

  /**
   * A list without rows.
   *
   * @param name what it is a list of, in JSON
   * @param fields the names of the fields
   */
  Listing(String name, String... fields) {
    this.name = name;
    this.fields = List.of(fields);
  }

  /** Adds a row, one value for each field. */
  void add(Object... values) {
    rows.add(List.of(values));
  }

  void print(OutputFormat format, PrintWriter out) {
    switch (format) {
      case TABLE -> {
        TextTable table =
            new TextTable(
                fields.stream()
                    .map(field -> field.replace('_', ' ').toUpperCase(Locale.ROOT))
                    .toArray(String[]::new));
        for (List<Object> row : rows) {
          table.add(row.stream().map(Listing::cell).toArray());
        }
        table.print(out);
      }
      case TSV -> {
        for (List<Object> row : rows) {
          out.println(String.join("\t", row.stream().map(Object::toString).toList()));
        }
      }
      case JSON -> JsonLine.print(out, this::writeTo);
    }
    out.flush();
  }

  /** Writes the rows as a field of a document. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart(name);
    for (List<Object> row : rows) {
      json.writeStartObject();
      for (int i = 0; i < row.size(); i++) {
        json.writeFieldName(fields.get(i));
        write(json, row.get(i));
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    if (value instanceof Boolean bool) {
      json.writeBoolean(bool);
    } else if (value instanceof Number number) {
      json.writeNumber(number.longValue());
    } else {
      json.writeString(value.toString());
    }
  }

  private static Object cell(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? "yes" : NOTHING;
    }
    return value.toString().isEmpty() ? NOTHING : value;
  }
}
