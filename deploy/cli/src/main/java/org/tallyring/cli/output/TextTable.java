package org.tallyring.cli.output;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Rows under headings, columns in line. Columns of numbers stand right. Not thread-safe. */
public final class TextTable {

  private static final String GAP = "  ";

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  /** A table without rows. */
  public TextTable(String... headings) {
    this.headings = List.of(headings);
  }

  /** Adds a row, one value for each heading. */
  public TextTable add(Object... values) {
    if (values.length != headings.size()) {
      throw new IllegalArgumentException(
          "values: " + values.length + " (expected: " + headings.size() + ")");
    }
    List<String> row = new ArrayList<>(values.length);
    for (Object value : values) {
      row.add(value.toString());
    }
    rows.add(row);
    return this;
  }

  /** Writes the table. */
  public void print(PrintWriter out) {
    int[] widths = new int[headings.size()];
    boolean[] numbers = new boolean[headings.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = headings.get(column).length();
      numbers[column] = !rows.isEmpty();
      for (List<String> row : rows) {
        String value = row.get(column);
        widths[column] = Math.max(widths[column], value.codePointCount(0, value.length()));
        numbers[column] &= isNumber(value);
      }
    }
    print(out, headings, widths, numbers);
    for (List<String> row : rows) {
      print(out, row, widths, numbers);
    }
  }

  private static void print(PrintWriter out, List<String> row, int[] widths, boolean[] numbers) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String value = row.get(column);
      String padding = " ".repeat(widths[column] - value.codePointCount(0, value.length()));
      line.append(column == 0 ? "" : GAP)
          .append(numbers[column] ? padding + value : value + padding);
    }
    out.println(line.toString().stripTrailing());
  }

  private static boolean isNumber(String value) {
    int digitsFrom = value.startsWith("-") ? 1 : 0;
    return value.length() > digitsFrom
        && value.chars().skip(digitsFrom).allMatch(c -> c >= '0' && c <= '9');
  }
}
