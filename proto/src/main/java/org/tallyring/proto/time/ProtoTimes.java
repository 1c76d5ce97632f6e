package org.tallyring.proto.time;

import com.google.protobuf.Timestamp;
import java.time.Duration;

/**
 * Times of messages as milliseconds since 1970-01-01T00:00:00Z, and back. Unlike protobuf's own
 * conversions these know the year 10,000, in which the last window of 9999 ends, and never fail on
 * what a peer sent.
 */
public final class ProtoTimes {

  private static final int NANOS_PER_SECOND = 1_000_000_000;
  private static final long MAX_SECONDS = Long.MAX_VALUE / 1000 - 1;

  private ProtoTimes() {}

  /** A moment as a message. */
  public static Timestamp timestamp(long millis) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(millis, 1000))
        .setNanos(Math.floorMod(millis, 1000) * 1_000_000)
        .build();
  }

  /**
   * The moment of a message, without the part of a millisecond. One that cannot be told so, or is
   * malformed, becomes the least or the greatest number, which no rule for times allows.
   */
  public static long millis(Timestamp time) {
    if (time.getSeconds() < -MAX_SECONDS) {
      return Long.MIN_VALUE;
    }
    if (time.getSeconds() > MAX_SECONDS
        || time.getNanos() < 0
        || time.getNanos() >= NANOS_PER_SECOND) {
      return Long.MAX_VALUE;
    }
    return time.getSeconds() * 1000 + time.getNanos() / 1_000_000;
  }

  /** A length of time as a message. */
  public static com.google.protobuf.Duration duration(Duration length) {
    // The two differ in how they write negative ones, which no rule for lengths allows.
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(length.getSeconds())
        .setNanos(length.getNano())
        .build();
  }

  /** The length of time of a message; one that is malformed becomes zero. */
  public static Duration duration(com.google.protobuf.Duration length) {
    boolean wellFormed =
        length.getNanos() > -NANOS_PER_SECOND
            && length.getNanos() < NANOS_PER_SECOND
            && Math.abs(length.getSeconds() / 2) <= MAX_SECONDS;
    return wellFormed ? Duration.ofSeconds(length.getSeconds(), length.getNanos()) : Duration.ZERO;
  }
}
