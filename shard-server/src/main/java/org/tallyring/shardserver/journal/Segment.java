package org.tallyring.shardserver.journal;

import org.apache.bookkeeper.client.api.WriteHandle;

/**
 * A segment that its owner writes: a ledger that holds its header.
 *
 * @param number its number in the journal
 * @param ledger where its entries go
 * @param quorum how they are spread
 */
record Segment(long number, WriteHandle ledger, Quorum quorum) {}
