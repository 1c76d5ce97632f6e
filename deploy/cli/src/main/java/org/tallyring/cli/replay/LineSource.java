package org.tallyring.cli.replay;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a file in UTF-8, in constant memory.
 *
 * <p>Lines end with LF or CR LF; a byte order mark at the start is skipped. A {@code Reader} would
 * replace what is not UTF-8 by U+FFFD, and so count two different damaged keys as one valid key;
 * here such a line is rejected as a whole, and so is one that is longer than {@link
 * #MAX_LINE_BYTES}. Not thread-safe.
 */
final class LineSource implements Closeable {

  /** Longer lines are rejected. A key has at most 512 bytes, so this leaves room for the rest. */
  static final int MAX_LINE_BYTES = 1 << 20;

  private static final int READ_BYTES = 1 << 16;

  /**
   * A line.
   *
   * @param number from 1
   * @param text without its end
   */
  record Line(long number, String text) {}

  private final InputStream in;
  private final CharsetDecoder strict =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final Deque<Line> putBack = new ArrayDeque<>();

  /** {@code buffer[next, limit)} has been read from the file and not yet returned. */
  private byte[] buffer = new byte[READ_BYTES];

  private int next;
  private int limit;
  private boolean atEnd;
  private long number;

  LineSource(InputStream in) {
    this.in = in;
  }

  /**
   * The next line, empty ones included; null at the end. Lines that cannot be read as text are told
   * to {@code handler} and skipped.
   */
  @Nullable Line next(RowHandler handler) throws IOException {
    Line again = putBack.poll();
    if (again != null) {
      return again;
    }
    while (true) {
      int end = endOfLine();
      if (end < 0) {
        return null;
      }
      number++;
      int start = number == 1 ? afterByteOrderMark(end) : next;
      next = Math.min(end + 1, limit);
      if (end - start > MAX_LINE_BYTES) {
        skipToEndOfLine();
        handler.rejected(number, "line: longer than " + MAX_LINE_BYTES + " bytes");
        continue;
      }
      if (end > start && buffer[end - 1] == '\r') {
        end--;
      }
      String text = decode(start, end);
      if (text != null) {
        return new Line(number, text);
      }
      handler.rejected(number, "line: not UTF-8 (expected: UTF-8)");
    }
  }

  /** The next line that is not empty; otherwise as {@link #next}. */
  @Nullable Line nextNonEmpty(RowHandler handler) throws IOException {
    Line line = next(handler);
    while (line != null && line.text().isEmpty()) {
      line = next(handler);
    }
    return line;
  }

  /** Makes the next calls return these lines, first to last, before any other. */
  void putBack(List<Line> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      putBack.addFirst(lines.get(i));
    }
  }

  /** Where the line that begins at {@code next} ends, or -1 if there is none. */
  private int endOfLine() throws IOException {
    int scanned = next;
    while (true) {
      for (int i = scanned; i < limit; i++) {
        if (buffer[i] == '\n') {
          return i;
        }
      }
      if (atEnd) {
        return next < limit ? limit : -1;
      }
      if (limit - next > MAX_LINE_BYTES) {
        return limit;
      }
      int pending = limit - next;
      fill();
      scanned = next + pending;
    }
  }

  private void fill() throws IOException {
    if (next > 0) {
      System.arraycopy(buffer, next, buffer, 0, limit - next);
      limit -= next;
      next = 0;
    }
    if (limit == buffer.length) {
      buffer = Arrays.copyOf(buffer, 2 * buffer.length);
    }
    int read = in.read(buffer, limit, buffer.length - limit);
    if (read < 0) {
      atEnd = true;
    } else {
      limit += read;
    }
  }

  /**
   * Drops the rest of a line whose beginning was too long; its end may be in the buffer already.
   */
  private void skipToEndOfLine() throws IOException {
    if (next > 0 && buffer[next - 1] == '\n') {
      return;
    }
    while (true) {
      while (next < limit) {
        if (buffer[next++] == '\n') {
          return;
        }
      }
      if (atEnd) {
        return;
      }
      fill();
    }
  }

  private int afterByteOrderMark(int end) {
    boolean marked =
        end - next >= 3
            && buffer[next] == (byte) 0xEF
            && buffer[next + 1] == (byte) 0xBB
            && buffer[next + 2] == (byte) 0xBF;
    return marked ? next + 3 : next;
  }

  private @Nullable String decode(int start, int end) {
    for (int i = start; i < end; i++) {
      if (buffer[i] < 0) {
        try {
          return strict.decode(ByteBuffer.wrap(buffer, start, end - start)).toString();
        } catch (CharacterCodingException e) {
          return null;
        }
      }
    }
    return new String(buffer, start, end - start, StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
