package org.tallyring.shardserver.ownership;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.tallyring.proto.v1.RangeStatus;
import org.tallyring.shardserver.engine.MetricAccount;

/**
 * How much a range is used in this tenure: how fast its increments grew over about the last minute,
 * and what its counts take in memory. Belongs to the range's loop.
 */
final class RangeUsage {

  static final long SPAN_MILLIS = 60_000;

  /** Two looks closer together than this are one. */
  static final long STEP_MILLIS = 5_000;

  private record Look(long atMillis, long increments) {}

  private final Deque<Look> looks = new ArrayDeque<>();
  private long bytes;

  /** Begins to measure. */
  RangeUsage(long increments, long nowMillis) {
    looks.add(new Look(nowMillis, increments));
  }

  /** Takes in what the range has applied, ever, and what its metrics hold. */
  void look(long increments, List<MetricAccount> metrics, long nowMillis) {
    bytes = metrics.stream().mapToLong(metric -> metric.stats().bytes()).sum();
    Look newest = looks.getLast();
    if (nowMillis < newest.atMillis()) {
      // The clock was set back: what was measured before it says nothing.
      looks.clear();
      looks.add(new Look(nowMillis, increments));
    } else if (nowMillis - newest.atMillis() >= STEP_MILLIS) {
      looks.add(new Look(nowMillis, increments));
    }
    while (nowMillis - looks.getFirst().atMillis() > SPAN_MILLIS && looks.size() > 1) {
      looks.removeFirst();
    }
  }

  /** Says it. */
  void tell(long increments, long nowMillis, RangeStatus.Builder status) {
    Look oldest = looks.getFirst();
    long elapsed = Math.max(0, nowMillis - oldest.atMillis());
    status
        .setBytes(bytes)
        .setMeasuredMillis(elapsed)
        .setIncrementsPerSecond(
            elapsed == 0 ? 0 : (increments - oldest.increments()) * 1_000 / elapsed);
  }
}
