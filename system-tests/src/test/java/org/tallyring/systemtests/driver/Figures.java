package org.tallyring.systemtests.driver;

import java.util.Locale;

/** Measurements that a run prints, so that they can be looked up in its log. */
public final class Figures {

  private Figures() {}

  /** Prints one line. */
  public static void print(String format, Object... arguments) {
    System.out.println("figure: " + String.format(Locale.ROOT, format, arguments));
  }
}
