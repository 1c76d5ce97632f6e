package org.tallyring.benchmarks.load;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was measured. A figure that nobody told is null.
 *
 * @param seconds how long was measured
 * @param acknowledged increments acknowledged in that time
 * @param unsent increments that were due in all of the run and not sent, because no more were taken
 * @param ackP50Millis median time from when an increment was due to its acknowledgement
 * @param ackP99Millis 99th percentile of it
 * @param ackP999Millis 99.9th percentile of it
 * @param serverCpuNanos CPU time of the servers per increment
 * @param driverCpuNanos CPU time of this process per increment
 * @param wireBytes bytes that the servers received per increment
 * @param journalBytes bytes that the servers appended to journals per increment
 * @param reads rankings read
 * @param readP50Millis median time from when a reading was due to its answer
 * @param readP99Millis 99th percentile of it
 * @param visibleP50Millis median time from an acknowledgement to the ranking that shows it
 * @param visibleP99Millis 99th percentile of it
 * @param errors failed calls of the whole run by reason
 * @param verification the comparison with what was sent; null if none was asked for
 */
public record LoadReport(
    double seconds,
    long acknowledged,
    long unsent,
    @Nullable Double ackP50Millis,
    @Nullable Double ackP99Millis,
    @Nullable Double ackP999Millis,
    @Nullable Double serverCpuNanos,
    @Nullable Double driverCpuNanos,
    @Nullable Double wireBytes,
    @Nullable Double journalBytes,
    long reads,
    @Nullable Double readP50Millis,
    @Nullable Double readP99Millis,
    @Nullable Double visibleP50Millis,
    @Nullable Double visibleP99Millis,
    Map<String, Long> errors,
    @Nullable Verification verification) {

  /** Acknowledged increments a second. */
  public double incrementsPerSecond() {
    return acknowledged / seconds;
  }
}
