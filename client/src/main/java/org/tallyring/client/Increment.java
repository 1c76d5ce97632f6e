package org.tallyring.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.ErrorReason;

/**
 * One thing that happened to one key. Immutable.
 *
 * <p>What it holds is checked when it is recorded, not before; only a text that has no UTF-8 (half
 * a surrogate pair) is refused at once, as it could not be held unchanged.
 */
public final class Increment {

  private final String metric;
  private final byte[] key;
  private final byte[] user;
  private final long delta;
  private final boolean timed;
  private final long eventTimeMillis;
  private final byte @Nullable [] eventId;

  private Increment(Builder builder, byte[] key) {
    metric = builder.metric;
    this.key = key;
    user = builder.user;
    delta = builder.delta;
    timed = builder.timed;
    eventTimeMillis = builder.eventTimeMillis;
    eventId = builder.eventId;
  }

  /** One more of {@code metric} for {@code key}, now. */
  public static Increment of(String metric, String key) {
    return builder(metric, key).build();
  }

  /** Begins an increment by 1 without an event time. */
  public static Builder builder(String metric, String key) {
    return new Builder(metric, utf8(key));
  }

  /** Begins an increment by 1 without an event time. The key is in UTF-8 and is copied. */
  public static Builder builder(String metric, byte[] key) {
    return new Builder(metric, key.clone());
  }

  /** The metric. */
  public String metric() {
    return metric;
  }

  /** The key as text. */
  public String key() {
    return new String(key, StandardCharsets.UTF_8);
  }

  /** A copy of the key in UTF-8. */
  public byte[] keyBytes() {
    return key.clone();
  }

  /** How much to add. */
  public long delta() {
    return delta;
  }

  /**
   * When it happened, in milliseconds since 1970-01-01T00:00:00Z; empty for the clock of the shard
   * that accepts it.
   */
  public OptionalLong eventTimeMillis() {
    return timed ? OptionalLong.of(eventTimeMillis) : OptionalLong.empty();
  }

  /** Who did it, as text; empty for nobody. */
  public String user() {
    return new String(user, StandardCharsets.UTF_8);
  }

  /** The user without a copy, for the library itself. */
  byte[] sharedUser() {
    return user;
  }

  /** A copy of the event id; null if there is none. */
  public byte @Nullable [] eventId() {
    return eventId == null ? null : eventId.clone();
  }

  /** The event id without a copy, for the library itself. */
  byte @Nullable [] sharedEventId() {
    return eventId;
  }

  /** The key without a copy, for the library itself. */
  byte[] sharedKey() {
    return key;
  }

  /** Whether there is an event time. */
  boolean isTimed() {
    return timed;
  }

  /** The event time without a box, for the library itself; 0 if there is none. */
  long sharedTime() {
    return eventTimeMillis;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Increment that
        && metric.equals(that.metric)
        && Arrays.equals(key, that.key)
        && Arrays.equals(user, that.user)
        && delta == that.delta
        && timed == that.timed
        && eventTimeMillis == that.eventTimeMillis
        && Arrays.equals(eventId, that.eventId);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        metric,
        Arrays.hashCode(key),
        Arrays.hashCode(user),
        delta,
        timed,
        eventTimeMillis,
        Arrays.hashCode(eventId));
  }

  @Override
  public String toString() {
    return metric
        + "["
        + key()
        + "] += "
        + delta
        + (user.length == 0 ? "" : " by " + user())
        + (timed ? " at " + Instant.ofEpochMilli(eventTimeMillis) : "")
        + (eventId == null ? "" : " with event id 0x" + HexFormat.of().formatHex(eventId));
  }

  /**
   * A key's or user's bytes. {@link String#getBytes} replaces half a surrogate pair by a question
   * mark and so would count another key; the pairs are looked at only if the bytes have a question
   * mark.
   */
  static byte[] utf8(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    for (byte b : bytes) {
      if (b == '?') {
        refuseHalfPairs(key);
        break;
      }
    }
    return bytes;
  }

  private static void refuseHalfPairs(String key) {
    for (int i = 0; i < key.length(); i += Character.charCount(key.codePointAt(i))) {
      int codePoint = key.codePointAt(i);
      if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
        throw TallyringException.definite(
            ErrorReason.ERROR_REASON_BAD_KEY,
            "key: half a surrogate pair at " + i + " (expected: text that has UTF-8)");
      }
    }
  }

  /** Builds an {@link Increment}. Not thread-safe. */
  public static final class Builder {

    private final String metric;
    private final byte[] key;
    private byte[] user = {};
    private long delta = 1;
    private boolean timed;
    private long eventTimeMillis;
    private byte @Nullable [] eventId;

    private Builder(String metric, byte[] key) {
      this.metric = metric;
      this.key = key;
    }

    /** How much to add; negative for a correction, not 0. */
    public Builder delta(long delta) {
      this.delta = delta;
      return this;
    }

    /** Who did it; a metric that counts distinct users needs it. Empty for nobody. */
    public Builder user(String user) {
      this.user = utf8(user);
      return this;
    }

    /** Who did it, in UTF-8; copied. Empty for nobody. */
    public Builder user(byte[] user) {
      this.user = user.clone();
      return this;
    }

    /** When it happened, rounded down to milliseconds. */
    public Builder eventTime(Instant time) {
      return eventTimeMillis(time.toEpochMilli());
    }

    /** When it happened, in milliseconds since 1970-01-01T00:00:00Z. */
    public Builder eventTimeMillis(long millis) {
      timed = true;
      eventTimeMillis = millis;
      return this;
    }

    /**
     * Says which event this is: within the namespace's horizon it counts once for its key, whoever
     * records it and however often. 1 to 16 bytes, which are copied.
     */
    public Builder eventId(byte[] id) {
      eventId = id.clone();
      return this;
    }

    /** As {@link #eventId(byte[])}, with the 16 bytes of a UUID, most significant first. */
    public Builder eventId(UUID id) {
      eventId =
          ByteBuffer.allocate(2 * Long.BYTES)
              .putLong(id.getMostSignificantBits())
              .putLong(id.getLeastSignificantBits())
              .array();
      return this;
    }

    /** The increment. */
    public Increment build() {
      return new Increment(this, key);
    }
  }
}
