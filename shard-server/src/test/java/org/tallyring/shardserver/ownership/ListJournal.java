package org.tallyring.shardserver.ownership;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.shardserver.journal.EntryBytes;
import org.tallyring.shardserver.journal.JournalHealth;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.StoredBytes;

/** A journal that is a list, and acknowledges at once unless told to hold back. */
final class ListJournal implements RangeJournal {

  final List<JournalEntry> entries = new ArrayList<>();
  private final ArrayDeque<Runnable> held = new ArrayDeque<>();
  private boolean holding;

  void hold() {
    holding = true;
  }

  /** Acknowledges everything, and at once from now on. */
  void release() {
    holding = false;
    while (!held.isEmpty()) {
      held.remove().run();
    }
  }

  @Override
  public long epoch() {
    return 1;
  }

  @Override
  public int maxEntryBytes() {
    return 1 << 20;
  }

  @Override
  public CompletableFuture<Position> append(EntryBytes entry) {
    try {
      entries.add(JournalEntry.parseFrom(StoredBytes.of(entry)));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
    CompletableFuture<Position> acknowledged = new CompletableFuture<>();
    Position position = new Position(1, entries.size());
    if (holding) {
      held.add(() -> acknowledged.complete(position));
    } else {
      acknowledged.complete(position);
    }
    return acknowledged;
  }

  @Override
  public CompletableFuture<Void> snapshot(Position upTo, List<byte[]> chunks) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public long bytesSinceSnapshot() {
    return 0;
  }

  @Override
  public JournalHealth health() {
    return new JournalHealth(JournalHealth.State.OK, 1);
  }

  @Override
  public CompletableFuture<Void> close() {
    return CompletableFuture.completedFuture(null);
  }
}
