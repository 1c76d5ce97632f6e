package org.tallyring.cli.replay;

import java.util.List;
import org.tallyring.cli.failure.CliException;

/**
 * A column as the command line names it: by the name in the file's first line, or by its number.
 *
 * @param option the option that names it, for messages
 * @param text a number, from 1, or a name
 */
public record ColumnRef(String option, String text) {

  boolean isNumber() {
    return !text.isEmpty()
        && text.length() < 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /**
   * Its position, from 0, in a file with these column names.
   *
   * @throws CliException if there is no such column, or more than one
   */
  int positionIn(List<String> names) {
    if (isNumber()) {
      int number = Integer.parseInt(text);
      if (number < 1 || number > names.size()) {
        throw CliException.usage(option, text, "1-" + names.size() + ", or a column's name");
      }
      return number - 1;
    }
    int position = names.indexOf(text);
    if (position < 0) {
      throw CliException.usage(option, text, "one of the columns " + String.join(", ", names));
    }
    if (names.lastIndexOf(text) != position) {
      throw CliException.usage(option, text, "a number, since two columns have this name");
    }
    return position;
  }

  /**
   * Its position, from 0, in a file without column names.
   *
   * @throws CliException if it is a name
   */
  int positionWithoutNames() {
    if (!isNumber() || Integer.parseInt(text) < 1) {
      throw CliException.usage(
          option, text, "a number from 1, since the file has no column names (--no-header)");
    }
    return Integer.parseInt(text) - 1;
  }
}
