package org.tallyring.topology.assignment;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.range.RangeTable;

/**
 * Which shard should own each range of a cluster; a range can be without an owner.
 *
 * <p>It is the wish. Who really serves a range, and at which epoch, is what the range's own record
 * says, and the two differ while ranges move. Immutable.
 */
public final class Assignment {

  private static final String NONE = "";

  private final List<String> owners;

  private Assignment(List<String> owners) {
    this.owners = List.copyOf(owners);
    // Checks the number of ranges.
    new RangeTable(owners.size());
  }

  /**
   * An assignment from its stored form.
   *
   * @param owners element {@code i} is the shard of range {@code i}; an empty string for none
   * @throws IllegalArgumentException if a ring cannot have that many ranges
   */
  public static Assignment of(List<String> owners) {
    return new Assignment(owners);
  }

  /** The assignment of a new cluster: no range has an owner. */
  public static Assignment empty(int rangeCount) {
    return new Assignment(Collections.nCopies(rangeCount, NONE));
  }

  /** How many ranges the ring has, with or without an owner. */
  public int rangeCount() {
    return owners.size();
  }

  /**
   * The shard that should own a range; null for none.
   *
   * @throws IndexOutOfBoundsException if there is no such range
   */
  public @Nullable String ownerOf(int range) {
    String owner = owners.get(range);
    return owner.isEmpty() ? null : owner;
  }

  /** The ranges of a shard in ascending order; empty for a shard that owns none. */
  public List<Integer> rangesOf(String shard) {
    return shard.isEmpty()
        ? List.of()
        : IntStream.range(0, owners.size())
            .filter(range -> owners.get(range).equals(shard))
            .boxed()
            .toList();
  }

  /** How many ranges each shard owns, by shard; without the shards that own none. */
  public Map<String, Integer> load() {
    SortedMap<String, Integer> load = new TreeMap<>();
    for (String owner : owners) {
      if (!owner.isEmpty()) {
        load.merge(owner, 1, Integer::sum);
      }
    }
    return Collections.unmodifiableSortedMap(load);
  }

  /**
   * The stored form: element {@code i} is the shard of range {@code i}, an empty string for none.
   */
  public List<String> toList() {
    return owners;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Assignment that && owners.equals(that.owners);
  }

  @Override
  public int hashCode() {
    return owners.hashCode();
  }

  @Override
  public String toString() {
    return "Assignment" + owners;
  }
}
