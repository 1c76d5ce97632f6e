package org.tallyring.shardserver.ownership;

import org.tallyring.shardserver.engine.SnapshotCut;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.StoredJournal;

/**
 * The live state of a range at one place of its journal.
 *
 * @param epoch the epoch of the tenure
 * @param applied the last entry that was applied in this tenure or replayed at its beginning;
 *     {@link Position#START} if the state is still what the newest snapshot gave
 * @param keys how many keys it has
 * @param maxChunkBytes how large the chunks of its snapshots may be
 * @param state the state
 */
record RangeCut(long epoch, Position applied, long keys, int maxChunkBytes, SnapshotCut state) {

  /** Up to where the journal is in a state. */
  static Position reached(Position applied, StoredJournal stored) {
    return applied.equals(Position.START)
        ? stored.snapshots().stream().findFirst().orElse(Position.START)
        : applied;
  }
}
