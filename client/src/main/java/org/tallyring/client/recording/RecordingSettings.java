package org.tallyring.client.recording;

import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.RecordFailure;

/**
 * How to record.
 *
 * @param namespace the namespace of every increment
 * @param deadline how long an increment may wait for its answer
 * @param maxBytesInFlight how many bytes of increments may wait for their answers
 * @param onFailure told of every failed increment that nobody holds a future of; null to log them
 */
public record RecordingSettings(
    String namespace,
    Duration deadline,
    long maxBytesInFlight,
    @Nullable Consumer<RecordFailure> onFailure) {

  /** A batch is sealed when its keys reach this size; with its other columns it is about 16 KiB. */
  static final int BATCH_KEY_BYTES = 14 << 10;

  /** A batch is sealed when it has this many rows. */
  static final int BATCH_ROWS = 1000;

  /** How long a batch waits for more rows while nothing else of its range is on its way. */
  static final Duration LINGER = Duration.ofMillis(2);

  /**
   * How long it waits otherwise. When the answer to the last batch on its way comes in, the next
   * one leaves at once, so under load batches grow with the cluster's response time instead of
   * arriving as a crowd of small ones. While sealed batches wait for their turn it waits without
   * limit, for it would only wait behind them.
   */
  static final Duration LINGER_WHILE_BUSY = Duration.ofMillis(20);

  /** How many batches of a range may be on their way. */
  static final int BATCHES_IN_FLIGHT = 8;

  /** A stream that leaves a batch unanswered for this long is replaced. */
  static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  /**
   * How long the beginning of a session may stay in doubt; ranges forget sessions after an hour.
   */
  static final Duration SESSION_TRUST = Duration.ofMinutes(30);

  /** After this long without progress, another server is asked for the topology. */
  static final Duration SUSPICION = Duration.ofSeconds(2);

  /** How often deadlines and other time limits are looked at: often enough to be a tenth off. */
  Duration tick() {
    Duration tenth = deadline.dividedBy(10);
    if (tenth.compareTo(Duration.ofMillis(5)) < 0) {
      return Duration.ofMillis(5);
    }
    return tenth.compareTo(Duration.ofSeconds(1)) > 0 ? Duration.ofSeconds(1) : tenth;
  }
}
