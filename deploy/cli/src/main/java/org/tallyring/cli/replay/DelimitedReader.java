package org.tallyring.cli.replay;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.replay.LineSource.Line;

/**
 * Rows whose fields are separated by one character.
 *
 * <p>A line without a quote is cut at the delimiter; only the fields that matter become strings. A
 * line with quotes goes to Commons CSV (RFC 4180), together with the following ones if a quoted
 * field goes on over them. A quote that is never closed would so swallow the rest of the file: when
 * the lines up to {@link #MAX_RECORD_LINES} do not make a row, only the first is rejected, and
 * reading goes on with the second.
 *
 * <p>A row has as many fields as there are column names. Without names, the first row that has
 * every needed column sets the number.
 */
final class DelimitedReader implements RowReader {

  /** A quoted field with more lines than this is taken for a quote that was never closed. */
  static final int MAX_RECORD_LINES = 1_000;

  private static final int ABSENT = -1;

  private final Columns columns;
  private final char delimiter;
  private final boolean quoted;
  private final boolean header;
  private final CSVFormat csv;

  private int key;
  private int time;
  private int metric;
  private int delta;
  private int eventId;
  private int user;
  private int expectedFields;
  private @Nullable String expectedWhy;

  /** {@code ends[i]} is where field i of the line at hand ends; it begins after the one before. */
  private int[] ends = new int[16];

  /**
   * Makes a reader for one file.
   *
   * @param quoted whether {@code "} encloses fields; otherwise it is a character like any other
   * @param header whether the first line has the names of the columns
   */
  DelimitedReader(Columns columns, char delimiter, boolean quoted, boolean header) {
    this.columns = columns;
    this.delimiter = delimiter;
    this.quoted = quoted;
    this.header = header;
    this.csv = CSVFormat.RFC4180.builder().setDelimiter(delimiter).setIgnoreEmptyLines(false).get();
  }

  @Override
  public void begin(LineSource lines, RowHandler handler) throws IOException {
    if (!header) {
      key = columns.key().positionWithoutNames();
      time = position(columns.time(), null);
      metric = position(columns.metric(), null);
      delta = position(columns.delta(), null);
      eventId = position(columns.eventId(), null);
      user = position(columns.user(), null);
      return;
    }
    Line first = lines.nextNonEmpty(handler);
    if (first == null) {
      return;
    }
    List<String> names = new ArrayList<>();
    if (quoted && first.text().indexOf('"') >= 0) {
      CSVRecord record = parse(first.text());
      if (record != null) {
        record.forEach(names::add);
      }
    }
    if (names.isEmpty()) {
      int count = split(first.text());
      for (int i = 0; i < count; i++) {
        names.add(field(first.text(), i));
      }
    }
    key = columns.key().positionIn(names);
    time = position(columns.time(), names);
    metric = position(columns.metric(), names);
    delta = position(columns.delta(), names);
    eventId = position(columns.eventId(), names);
    user = position(columns.user(), names);
    expectedFields = names.size();
    expectedWhy = "one for each column name";
  }

  private static int position(@Nullable ColumnRef column, @Nullable List<String> names) {
    if (column == null) {
      return ABSENT;
    }
    return names == null ? column.positionWithoutNames() : column.positionIn(names);
  }

  @Override
  public boolean readNext(LineSource lines, RowHandler handler) throws IOException {
    Line line = lines.nextNonEmpty(handler);
    if (line == null) {
      return false;
    }
    String text = line.text();
    if (quoted && text.indexOf('"') >= 0) {
      readQuoted(line, lines, handler);
      return true;
    }
    String violation = countViolation(split(text), line.number());
    if (violation != null) {
      handler.rejected(line.number(), violation);
      return true;
    }
    handler.row(
        line.number(),
        field(text, key),
        time == ABSENT ? null : field(text, time),
        metric == ABSENT ? null : field(text, metric),
        delta == ABSENT ? null : field(text, delta),
        eventId == ABSENT ? null : field(text, eventId),
        user == ABSENT ? null : field(text, user));
    return true;
  }

  private void readQuoted(Line first, LineSource lines, RowHandler handler) throws IOException {
    List<Line> following = new ArrayList<>();
    StringBuilder text = new StringBuilder(first.text());
    boolean open = endsInsideQuotes(first.text(), false);
    while (open
        && following.size() < MAX_RECORD_LINES
        && text.length() <= LineSource.MAX_LINE_BYTES) {
      Line line = lines.next(handler);
      if (line == null) {
        break;
      }
      following.add(line);
      text.append('\n').append(line.text());
      open = endsInsideQuotes(line.text(), true);
    }
    CSVRecord record = open ? null : parse(text.toString());
    String violation =
        record == null
            ? "quotes: not closed, or followed by other text (expected: \"...\", with \"\" for a"
                + " quote inside)"
            : countViolation(record.size(), first.number());
    if (record == null || violation != null) {
      lines.putBack(following);
      handler.rejected(first.number(), String.valueOf(violation));
      return;
    }
    handler.row(
        first.number(),
        record.get(key),
        time == ABSENT ? null : record.get(time),
        metric == ABSENT ? null : record.get(metric),
        delta == ABSENT ? null : record.get(delta),
        eventId == ABSENT ? null : record.get(eventId),
        user == ABSENT ? null : record.get(user));
  }

  /** The row in the text, or null if there is not exactly one. */
  private @Nullable CSVRecord parse(String text) throws IOException {
    try (CSVParser parser =
        CSVParser.builder().setReader(new StringReader(text)).setFormat(csv).get()) {
      List<CSVRecord> records = parser.getRecords();
      return records.size() == 1 ? records.get(0) : null;
    } catch (UncheckedIOException e) {
      // What Commons CSV makes of malformed quotes; the text is in memory, so there is no other
      // cause.
      return null;
    }
  }

  /**
   * Whether a quoted field is still open at the end of a line. A quote opens a field only as its
   * first character; elsewhere in an unquoted field it is a character like any other.
   */
  private boolean endsInsideQuotes(String line, boolean insideAtStart) {
    boolean inside = insideAtStart;
    boolean mayOpen = !insideAtStart;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (inside) {
        inside = c != '"';
        // A doubled quote inside a field closes it and opens it again.
        mayOpen = !inside;
      } else if (c == '"' && mayOpen) {
        inside = true;
      } else {
        mayOpen = c == delimiter;
      }
    }
    return inside;
  }

  private @Nullable String countViolation(int fields, long line) {
    if (expectedWhy == null) {
      int needed = 1 + IntStream.of(key, time, metric, delta, eventId, user).max().getAsInt();
      if (fields < needed) {
        return "columns: " + fields + " (expected: at least " + needed + ")";
      }
      expectedFields = fields;
      expectedWhy = "as in line " + line;
    }
    return fields == expectedFields
        ? null
        : "columns: " + fields + " (expected: " + expectedFields + ", " + expectedWhy + ")";
  }

  /** Finds the fields of a line without quotes; returns how many. */
  private int split(String text) {
    int count = 0;
    int start = 0;
    while (true) {
      if (count == ends.length) {
        ends = Arrays.copyOf(ends, 2 * count);
      }
      int end = text.indexOf(delimiter, start);
      if (end < 0) {
        ends[count++] = text.length();
        return count;
      }
      ends[count++] = end;
      start = end + 1;
    }
  }

  private String field(String text, int position) {
    return text.substring(position == 0 ? 0 : ends[position - 1] + 1, ends[position]);
  }
}
