package org.tallyring.shardserver.journal;

/**
 * An entry and its place.
 *
 * @param position its place; entry 0 of a segment is its header
 * @param bytes the entry as it was appended
 */
public record StoredEntry(Position position, byte[] bytes) {}
