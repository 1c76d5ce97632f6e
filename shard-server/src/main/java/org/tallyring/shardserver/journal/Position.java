package org.tallyring.shardserver.journal;

/**
 * A place in a range's journal: after the given entry of the given segment.
 *
 * @param segment the segment's number, 1 for the first ever
 * @param entry the entry's index in the segment, 0 for its header
 */
public record Position(long segment, long entry) implements Comparable<Position> {

  /** Before the first entry of the first segment. */
  public static final Position START = new Position(0, -1);

  @Override
  public int compareTo(Position other) {
    int bySegment = Long.compare(segment, other.segment);
    return bySegment != 0 ? bySegment : Long.compare(entry, other.entry);
  }
}
