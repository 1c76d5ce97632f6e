package org.tallyring.shardserver.ownership;

import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.StoredJournal;

/**
 * A range's journal as far as its owner has applied it.
 *
 * @param stored the journal; to be closed by whoever reads it
 * @param upTo the last entry that was applied
 */
public record AppliedJournal(StoredJournal stored, Position upTo) {}
