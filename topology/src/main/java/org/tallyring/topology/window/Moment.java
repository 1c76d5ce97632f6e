package org.tallyring.topology.window;

/**
 * Which window of a kind, or where a span ends.
 *
 * @param kind how it is found
 * @param timeMillis the time given, in milliseconds since 1970-01-01T00:00:00Z; 0 for the kinds
 *     that are found by the clock
 */
public record Moment(Kind kind, long timeMillis) {

  /** How a moment is found. */
  public enum Kind {
    /** Now: the window that contains it, the span that ends with it. */
    CURRENT,
    /** The latest final window; the span that ends with the latest final bucket. */
    SEALED,
    /** A time given: the window that contains it, the span that ends with it. */
    TIME
  }

  /** The present moment. */
  public static final Moment CURRENT = new Moment(Kind.CURRENT, 0);

  /** The latest final bucket. */
  public static final Moment SEALED = new Moment(Kind.SEALED, 0);

  /**
   * A time given.
   *
   * @throws IllegalArgumentException if no event can have that time
   */
  public static Moment at(long timeMillis) {
    return new Moment(Kind.TIME, checked("window.time", timeMillis));
  }

  /**
   * A time at which events can be counted.
   *
   * @param name what to call it in the message
   * @throws IllegalArgumentException if it lies outside of the years 1 to 9999
   */
  static long checked(String name, long timeMillis) {
    if (timeMillis < WindowLevel.MIN_TIME_MILLIS || timeMillis >= WindowLevel.MAX_TIME_MILLIS) {
      throw new IllegalArgumentException(
          name + ": " + timeMillis + " ms (expected: in the years 1 to 9999)");
    }
    return timeMillis;
  }
}
