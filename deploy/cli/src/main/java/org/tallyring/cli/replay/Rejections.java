package org.tallyring.cli.replay;

import java.io.PrintWriter;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts input that is not recorded and shows the first of it, so that a person sees what is wrong
 * with a file without being buried in it. Thread-safe.
 */
public final class Rejections {

  /** How many are shown. */
  static final int SHOWN = 5;

  private final PrintWriter err;
  private final String lineStart;
  private final AtomicLong count = new AtomicLong();

  /**
   * Counts from 0.
   *
   * @param err where to show them
   * @param lineStart what to write before each, for example to clear a progress bar
   */
  public Rejections(PrintWriter err, String lineStart) {
    this.err = err;
    this.lineStart = lineStart;
  }

  /**
   * One more.
   *
   * @param where it was read, {@code file:line}, or what it was if that is not known
   */
  public void add(String where, String reason) {
    long number = count.incrementAndGet();
    if (number <= SHOWN) {
      err.println(lineStart + where + ": rejected: " + reason);
      err.flush();
    }
    if (number == SHOWN + 1) {
      err.println(lineStart + "more rejected lines follow; only the first " + SHOWN + " are shown");
      err.flush();
    }
  }

  /** How many there were. */
  public long count() {
    return count.get();
  }
}
