package org.tallyring.topology.name;

import org.jspecify.annotations.Nullable;

/**
 * What a namespace, a metric or a shard may be called: {@value #PATTERN}.
 *
 * <p>Such a name is at once a node in ZooKeeper, a part of a URL, a label of a metric and a word on
 * a command line, and needs no quoting in any of them. Stateless and thread-safe.
 */
public final class NameRules {

  /** The rule as a regular expression. */
  public static final String PATTERN = "[a-z0-9][a-z0-9_-]{0,63}";

  private static final int MAX_LENGTH = 64;

  private NameRules() {}

  /**
   * What is wrong with a name, in a sentence; null if it is valid.
   *
   * @param field what the name is for, for example {@code metric}: begins the sentence
   */
  public static @Nullable String violation(String field, String name) {
    boolean valid =
        !name.isEmpty() && name.length() <= MAX_LENGTH && isAlphanumeric(name.charAt(0));
    for (int i = 1; valid && i < name.length(); i++) {
      char c = name.charAt(i);
      valid = isAlphanumeric(c) || c == '_' || c == '-';
    }
    return valid ? null : field + ": " + quotable(name) + " (expected: " + PATTERN + ")";
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  /** The name as it may stand in a log: of bounded length and on one line. */
  private static String quotable(String name) {
    if (name.isEmpty()) {
      return "\"\"";
    }
    StringBuilder text = new StringBuilder();
    name.codePoints()
        .limit(MAX_LENGTH + 1L)
        .map(
            c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
        .forEach(text::appendCodePoint);
    return text.length() < name.length() ? text + "…" : text.toString();
  }
}
