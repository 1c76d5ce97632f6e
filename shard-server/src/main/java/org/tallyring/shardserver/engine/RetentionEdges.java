package org.tallyring.shardserver.engine;

import java.util.Arrays;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.window.WindowLevel;

/**
 * For each level, where what is kept begins: a bucket is kept as long as its end lies after {@code
 * watermark - retention}, which is to say, as long as it starts at {@code level.start(watermark -
 * retention)} or later.
 *
 * <p>An edge never moves back, whatever the definition says later: a longer retention cannot bring
 * back what was retired. So everything in the buckets from the edge on was counted completely.
 */
final class RetentionEdges {

  /** The edge of a level of which nothing was ever retired. */
  static final long NONE = Long.MIN_VALUE;

  /** The levels that are retired; the others are kept for ever. */
  static final WindowLevel[] LEVELS = {WindowLevel.MINUTE, WindowLevel.HOUR, WindowLevel.DAY};

  private final long[] edges = new long[WindowLevel.values().length];

  RetentionEdges() {
    Arrays.fill(edges, NONE);
  }

  /** The start of the first bucket of a level that was never retired, or {@link #NONE}. */
  long of(WindowLevel level) {
    return edges[level.ordinal()];
  }

  /** What the edge of a level would be once the watermark had this place. */
  long of(WindowLevel level, NamespaceDefinition definition, long watermarkMillis) {
    long present = of(level);
    return switch (level) {
      case MINUTE ->
          later(present, level, watermarkMillis, Namespaces.minuteRetentionMillis(definition));
      case HOUR ->
          later(present, level, watermarkMillis, Namespaces.hourRetentionMillis(definition));
      case DAY -> later(present, level, watermarkMillis, Namespaces.dayRetentionMillis(definition));
      case MONTH, ALL -> present;
    };
  }

  /**
   * Moves the edges.
   *
   * @param watermarkMillis the highest event time seen
   * @return whether any moved
   */
  boolean advance(NamespaceDefinition definition, long watermarkMillis) {
    boolean moved = false;
    for (WindowLevel level : LEVELS) {
      long edge = of(level, definition, watermarkMillis);
      moved |= edge > of(level);
      restore(level, edge);
    }
    return moved;
  }

  /** Sets what a snapshot says. */
  void restore(WindowLevel level, long edge) {
    edges[level.ordinal()] = edge;
  }

  private static long later(
      long present, WindowLevel level, long watermarkMillis, long retentionMillis) {
    return watermarkMillis == Long.MIN_VALUE
        ? present
        : Math.max(present, level.start(watermarkMillis - retentionMillis));
  }
}
