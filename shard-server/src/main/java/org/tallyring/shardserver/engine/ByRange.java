package org.tallyring.shardserver.engine;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.range.RangeTable;

/** One object for each range that any was asked for. */
final class ByRange<T> {

  /** Takes them. */
  interface Visitor<T> {
    /** Takes one. */
    void visit(int rangeId, T object);
  }

  private final @Nullable Object[] objects;
  private final Supplier<T> factory;

  ByRange(RangeTable table, Supplier<T> factory) {
    objects = new Object[table.rangeCount()];
    this.factory = factory;
  }

  /** That of a range, made if there is none. */
  @SuppressWarnings("unchecked")
  T of(int rangeId) {
    Object object = objects[rangeId];
    if (object == null) {
      object = factory.get();
      objects[rangeId] = object;
    }
    return (T) object;
  }

  /** Makes those of all ranges. */
  void ofAll() {
    for (int range = 0; range < objects.length; range++) {
      of(range);
    }
  }

  /** Shows those that there are, by range. */
  void forEach(Visitor<T> visitor) {
    for (int range = 0; range < objects.length; range++) {
      if (objects[range] != null) {
        visitor.visit(range, of(range));
      }
    }
  }
}
