package org.tallyring.client.recording;

/**
 * Where the batches of a range go.
 *
 * @param address the shard's address
 * @param epoch the epoch of its ownership, as far as is known
 */
record Route(String address, long epoch) {}
