package org.tallyring.cli.replay;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.replay.LineSource.Line;

/**
 * One JSON object a line. A column is a field's name; {@code a.b} is field {@code b} of the object
 * {@code a}, unless there is a field with a dot in its name. Numbers are taken as they are written,
 * so that long ids do not pass through a double.
 */
final class JsonLinesReader implements RowReader {

  private static final int KEY = 0;
  private static final int TIME = 1;
  private static final int METRIC = 2;
  private static final int DELTA = 3;
  private static final int EVENT_ID = 4;
  private static final int USER = 5;

  private final JsonFactory json = new JsonFactory();

  /** The names of the columns; null where there is no such column. */
  private final @Nullable String[] names;

  private final @Nullable String[] values = new @Nullable String[6];

  JsonLinesReader(Columns columns) {
    names =
        new @Nullable String[] {
          columns.key().text(),
          name(columns.time()),
          name(columns.metric()),
          name(columns.delta()),
          name(columns.eventId()),
          name(columns.user())
        };
  }

  private static @Nullable String name(@Nullable ColumnRef column) {
    return column == null ? null : column.text();
  }

  @Override
  public boolean readNext(LineSource lines, RowHandler handler) throws IOException {
    Line line = lines.nextNonEmpty(handler);
    if (line == null) {
      return false;
    }
    Arrays.fill(values, null);
    String violation;
    try (JsonParser parser = json.createParser(line.text())) {
      violation = readLine(parser);
    } catch (JsonParseException | StreamConstraintsException e) {
      violation = "line: " + e.getOriginalMessage() + " (expected: one JSON object)";
    }
    String key = values[KEY];
    if (violation != null || key == null) {
      handler.rejected(line.number(), String.valueOf(violation));
      return true;
    }
    handler.row(
        line.number(),
        key,
        values[TIME],
        values[METRIC],
        values[DELTA],
        values[EVENT_ID],
        values[USER]);
    return true;
  }

  private @Nullable String readLine(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return "line: not an object (expected: one JSON object)";
    }
    String violation = readObject(parser, "");
    if (violation != null) {
      return violation;
    }
    if (parser.nextToken() != null) {
      return "line: text after the object (expected: one JSON object)";
    }
    for (int i = 0; i < names.length; i++) {
      if (names[i] != null && values[i] == null) {
        return names[i] + ": missing (expected: a text or a number)";
      }
    }
    return null;
  }

  /** Reads to the end of an object that was begun; {@code prefix} is its path, with its dot. */
  private @Nullable String readObject(JsonParser parser, String prefix) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String path = prefix.isEmpty() ? parser.currentName() : prefix + parser.currentName();
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_OBJECT && isPrefix(path)) {
        String violation = readObject(parser, path + ".");
        if (violation != null) {
          return violation;
        }
      } else if (!isName(path)) {
        parser.skipChildren();
      } else if (token.isScalarValue()) {
        set(path, token == JsonToken.VALUE_NULL ? null : parser.getText());
      } else {
        return path + ": an object or a list (expected: a text or a number)";
      }
    }
    return null;
  }

  private boolean isPrefix(String path) {
    for (String name : names) {
      if (name != null
          && name.length() > path.length()
          && name.startsWith(path)
          && name.charAt(path.length()) == '.') {
        return true;
      }
    }
    return false;
  }

  private boolean isName(String path) {
    for (String name : names) {
      if (path.equals(name)) {
        return true;
      }
    }
    return false;
  }

  private void set(String path, @Nullable String value) {
    for (int i = 0; i < names.length; i++) {
      if (path.equals(names[i])) {
        values[i] = value;
      }
    }
  }
}
