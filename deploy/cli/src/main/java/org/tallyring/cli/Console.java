package org.tallyring.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.tallyring.cli.output.Terminal;

/**
 * The streams of the process. Text is UTF-8 whatever the locale, because keys are.
 *
 * @param in standard input
 * @param out where answers go
 * @param err where everything else goes
 * @param terminal which of them a person is looking at
 */
record Console(InputStream in, PrintWriter out, PrintWriter err, Terminal terminal) {

  /** Those of this process. */
  static Console ofProcess() {
    return new Console(
        System.in, writer(System.out, false), writer(System.err, true), Terminal.detect());
  }

  private static PrintWriter writer(PrintStream stream, boolean autoFlush) {
    return new PrintWriter(stream, autoFlush, StandardCharsets.UTF_8);
  }

  /** Tells the person at the terminal something that is not part of the answer. */
  void note(String message) {
    err.println("tally: " + message);
    err.flush();
  }
}
