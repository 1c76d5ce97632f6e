package org.tallyring.cli.output;

/**
 * Which streams of the process go to a terminal. Java 17 can only tell whether standard input and
 * output both do, so the launcher looks and says so in two system properties.
 *
 * @param out whether standard output does
 * @param err whether standard error does
 */
public record Terminal(boolean out, boolean err) {

  /** No terminal at all, as in a pipe. */
  public static final Terminal NONE = new Terminal(false, false);

  /** What the launcher said; without a launcher, a guess. */
  public static Terminal detect() {
    boolean guess = System.console() != null;
    return new Terminal(
        property("tally.terminal.out", guess), property("tally.terminal.err", guess));
  }

  private static boolean property(String name, boolean otherwise) {
    String value = System.getProperty(name);
    return value == null ? otherwise : Boolean.parseBoolean(value);
  }
}
