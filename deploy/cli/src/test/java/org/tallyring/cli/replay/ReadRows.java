package org.tallyring.cli.replay;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a reader makes of a file: rows as {@code line|key|time|metric|delta} with {@code |event id}
 * and {@code |user}, and rejections.
 */
final class ReadRows implements RowHandler {

  final List<String> rows = new ArrayList<>();
  final List<String> rejected = new ArrayList<>();

  static ReadRows of(RowReader reader, String text) {
    return of(reader, text.getBytes(StandardCharsets.UTF_8));
  }

  static ReadRows of(RowReader reader, byte[] bytes) {
    ReadRows read = new ReadRows();
    try (LineSource lines = new LineSource(new ByteArrayInputStream(bytes))) {
      reader.begin(lines, read);
      while (reader.readNext(lines, read)) {
        // Everything is told to the handler.
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }

  @Override
  public void row(
      long line,
      String key,
      @Nullable String time,
      @Nullable String metric,
      @Nullable String delta,
      @Nullable String eventId,
      @Nullable String user) {
    String row = line + "|" + key + "|" + time + "|" + metric + "|" + delta;
    rows.add(row + (eventId == null ? "" : "|" + eventId) + (user == null ? "" : "|" + user));
  }

  @Override
  public void rejected(long line, String reason) {
    rejected.add(line + ": " + reason);
  }

  /** The numbers of the rejected lines. */
  List<Integer> rejectedLines() {
    return rejected.stream()
        .map(text -> Integer.valueOf(text.substring(0, text.indexOf(':'))))
        .toList();
  }
}
