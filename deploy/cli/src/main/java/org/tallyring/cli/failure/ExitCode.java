package org.tallyring.cli.failure;

/** What the process says to the shell. Scripts rely on these numbers. */
public final class ExitCode {

  /** All of it was done. */
  public static final int DONE = 0;

  /** It failed; what was done of it, if anything, is told on stderr. */
  public static final int FAILED = 1;

  /** The command line or a configuration file is wrong; nothing was done. */
  public static final int WRONG_USAGE = 2;

  /** Done, except for input that was rejected. */
  public static final int INPUT_REJECTED = 3;

  private ExitCode() {}
}
