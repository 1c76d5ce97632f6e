package org.tallyring.cli.replay;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Makes metric names of what a file says: lower case, and {@code _} for each character that a name
 * cannot have, so {@code COMMENT CREATED} becomes {@code comment_created}. Not thread-safe.
 */
final class MetricNames {

  /** A file has few metrics; if the column is the wrong one, memory stays bounded all the same. */
  private static final int REMEMBERED = 10_000;

  private final Map<String, String> known = new HashMap<>();

  /** The name; it may still break the rule for names, for example by its length. */
  String nameOf(String text) {
    String name = known.get(text);
    if (name == null) {
      name = map(text);
      if (known.size() < REMEMBERED) {
        known.put(text, name);
      }
    }
    return name;
  }

  private static String map(String text) {
    StringBuilder name = new StringBuilder(text.length());
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .map(c -> isAllowed(c) ? c : '_')
        .forEach(name::appendCodePoint);
    return name.toString();
  }

  private static boolean isAllowed(int c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  }
}
