package org.tallyring.cli.replay;

import java.io.IOException;
import org.tallyring.cli.replay.LineSource.Line;

/**
 * Sessions of item ids: a line is what one visitor looked at, ids separated by spaces. Every id is
 * a row; {@code -1}, which the SPMF form puts between ids, is not.
 */
final class ItemsReader implements RowReader {

  private static final String SEPARATOR = "-1";

  @Override
  public boolean readNext(LineSource lines, RowHandler handler) throws IOException {
    Line line = lines.nextNonEmpty(handler);
    if (line == null) {
      return false;
    }
    String text = line.text();
    int start = 0;
    while (start < text.length()) {
      int end = start;
      while (end < text.length() && !isSpace(text.charAt(end))) {
        end++;
      }
      if (end > start) {
        String item = text.substring(start, end);
        if (!item.equals(SEPARATOR)) {
          handler.row(line.number(), item, null, null, null, null, null);
        }
      }
      start = end + 1;
    }
    return true;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t';
  }
}
