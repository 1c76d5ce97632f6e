package org.tallyring.shardserver.ownership;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;

/**
 * One thing in the queue: a batch to append, a repeat that waits for the original, or a namespace's
 * definition or end.
 */
record Pending(
    @Nullable Submission submission,
    @Nullable AcceptedBatch batch,
    @Nullable JournalEntry control,
    @Nullable CompletableFuture<Void> applied,
    int bytes,
    long absoluteSum) {

  static Pending repeat(Submission submission) {
    return new Pending(submission, null, null, null, 0, 0);
  }

  static Pending control(JournalEntry entry) {
    return control(entry, null);
  }

  /** With something that is told when the entry is applied. */
  static Pending control(JournalEntry entry, @Nullable CompletableFuture<Void> applied) {
    return new Pending(null, null, entry, applied, entry.getSerializedSize(), 0);
  }
}
