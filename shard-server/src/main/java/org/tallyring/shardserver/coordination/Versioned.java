package org.tallyring.shardserver.coordination;

/**
 * A stored value with the version that a compare-and-set must name.
 *
 * @param version the version; {@value #ABSENT} when nothing is stored yet
 * @param value the value; the default instance when nothing is stored yet
 */
public record Versioned<T>(int version, T value) {

  /** The version of a value that is not stored yet; a compare-and-set with it creates. */
  public static final int ABSENT = -1;
}
