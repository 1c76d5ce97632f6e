package org.tallyring.systemtests.driver;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tallyring.systemtests.driver.Tally.Outcome;

/**
 * The last line of a replay.
 *
 * @param recorded increments that were applied when they were sent
 * @param duplicate increments that an earlier send had applied, whose answer was lost
 * @param rejected events that break a rule
 */
public record ReplayTotals(long recorded, long duplicate, long rejected) {

  private static final Pattern LINE =
      Pattern.compile("recorded (\\d+), duplicate (\\d+), rejected (\\d+)");

  /** Reads the last line that a replay wrote. */
  public static ReplayTotals of(Outcome replay) {
    Matcher line = LINE.matcher(replay.lastLine());
    if (!line.matches()) {
      throw new AssertionError(
          "last line: " + replay.lastLine() + " (expected: recorded N, duplicate D, rejected R)");
    }
    return new ReplayTotals(
        Long.parseLong(line.group(1)),
        Long.parseLong(line.group(2)),
        Long.parseLong(line.group(3)));
  }

  /** Increments that are known to count. */
  public long settled() {
    return recorded + duplicate;
  }
}
