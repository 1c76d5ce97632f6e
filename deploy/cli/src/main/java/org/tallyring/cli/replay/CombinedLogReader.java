package org.tallyring.cli.replay;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.replay.LineSource.Line;

/**
 * An Apache access log, common or combined: {@code host ident user [time] "METHOD target HTTP/x"
 * status bytes ...}.
 *
 * <p>The key is the request target as it is logged, with its query and with Apache's escapes; the
 * metric is the method. What follows the request is not looked at.
 */
final class CombinedLogReader implements RowReader {

  private static final String RULE =
      " (expected: host ident user [time] \"METHOD target HTTP/x\" ...)";

  @Override
  public boolean readNext(LineSource lines, RowHandler handler) throws IOException {
    Line line = lines.nextNonEmpty(handler);
    if (line == null) {
      return false;
    }
    String violation = readLine(line, handler);
    if (violation != null) {
      handler.rejected(line.number(), violation + RULE);
    }
    return true;
  }

  private static @Nullable String readLine(Line line, RowHandler handler) {
    String text = line.text();
    int timeStart = text.indexOf(" [") + 2;
    int timeEnd = timeStart < 2 ? -1 : text.indexOf("] \"", timeStart);
    if (timeEnd < 0) {
      return "line: no time in brackets before a request in quotes";
    }
    int requestStart = timeEnd + 3;
    int requestEnd = endOfQuoted(text, requestStart);
    if (requestEnd < 0) {
      return "request: not closed by a quote";
    }
    int methodEnd = text.indexOf(' ', requestStart);
    int targetEnd = text.lastIndexOf(' ', requestEnd - 1);
    boolean wellFormed =
        methodEnd >= 0
            && methodEnd + 1 < targetEnd
            && isMethod(text, requestStart, methodEnd)
            && text.startsWith("HTTP/", targetEnd + 1)
            && targetEnd + 6 < requestEnd;
    if (!wellFormed) {
      return "request: malformed";
    }
    handler.row(
        line.number(),
        text.substring(methodEnd + 1, targetEnd),
        text.substring(timeStart, timeEnd),
        text.substring(requestStart, methodEnd),
        null,
        null,
        null);
    return null;
  }

  /** Where a quoted text ends; Apache writes a quote inside it as {@code \"}. */
  private static int endOfQuoted(String text, int start) {
    for (int i = start; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        return i;
      }
    }
    return -1;
  }

  private static boolean isMethod(String text, int start, int end) {
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      if (!letter && c != '-' && c != '_') {
        return false;
      }
    }
    return end > start;
  }
}
