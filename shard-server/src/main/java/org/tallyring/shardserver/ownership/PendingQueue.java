package org.tallyring.shardserver.ownership;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;

/**
 * What a range has admitted and not appended yet, in order, and how it is cut into entries. Not
 * thread-safe.
 */
final class PendingQueue {

  private static final int WORTHWHILE_BYTES = 16 << 10;
  private static final int ENTRY_BYTES = 64 << 10;

  private final ArrayDeque<Pending> queue = new ArrayDeque<>();
  private final int entryBytes;
  private int bytes;

  /** An empty queue in front of a journal that takes entries of at most this size. */
  PendingQueue(int maxEntryBytes) {
    entryBytes = Math.min(ENTRY_BYTES, maxEntryBytes);
  }

  void add(Pending pending) {
    queue.add(pending);
    bytes += pending.bytes();
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  /** Whether there is enough for an entry of its own while others are under way: 16 KiB. */
  boolean isWorthwhile() {
    return bytes >= WORTHWHILE_BYTES;
  }

  /** Takes what makes the next entry, 64 KiB at most or one batch; a control entry stands alone. */
  List<Pending> nextGroup() {
    List<Pending> group = new ArrayList<>();
    int groupBytes = 0;
    while (!queue.isEmpty()) {
      Pending next = queue.element();
      boolean fits = group.isEmpty() || groupBytes + next.bytes() <= entryBytes;
      if (!fits || (next.control() != null && !group.isEmpty())) {
        break;
      }
      queue.remove();
      group.add(next);
      groupBytes += next.bytes();
      bytes -= next.bytes();
      if (next.control() != null) {
        break;
      }
    }
    return group;
  }

  /** The entry of a group; null for one of repeats only, which need none. */
  static @Nullable JournalEntry entryOf(List<Pending> group) {
    JournalEntry control = group.get(0).control();
    if (control != null) {
      return control;
    }
    AcceptedBatches.Builder batches = AcceptedBatches.newBuilder();
    for (Pending pending : group) {
      if (pending.batch() != null) {
        batches.addBatches(pending.batch());
      }
    }
    return batches.getBatchesCount() == 0
        ? null
        : JournalEntry.newBuilder().setBatches(batches).build();
  }

  /** Empties it. */
  void drainTo(Consumer<Pending> consumer) {
    queue.forEach(consumer);
    queue.clear();
    bytes = 0;
  }
}
