package org.tallyring.cli.failure;

/**
 * Ends a verb. Its message is the one line that the user reads after {@code tally: }: what is wrong
 * and what to do next.
 */
public final class CliException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private CliException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  private CliException(int exitCode, String message) {
    super(message);
    this.exitCode = exitCode;
  }

  /** The verb could not do what it was rightly asked to do. */
  public static CliException failed(String message) {
    return new CliException(ExitCode.FAILED, message);
  }

  /** As {@link #failed(String)}, caused by {@code cause}. */
  public static CliException failed(String message, Throwable cause) {
    return new CliException(ExitCode.FAILED, message, cause);
  }

  /**
   * It was asked for something that cannot be.
   *
   * @param name the option, parameter or configuration key
   * @param value what it was given
   * @param expected the rule
   */
  public static CliException usage(String name, Object value, String expected) {
    return usage(name + ": " + value + " (expected: " + expected + ")");
  }

  /** It was asked for something that cannot be; {@code message} says what, and what can. */
  public static CliException usage(String message) {
    return new CliException(ExitCode.WRONG_USAGE, message);
  }

  /** One of {@link ExitCode}. */
  public int exitCode() {
    return exitCode;
  }
}
