package org.tallyring.shardserver.engine;

import org.tallyring.proto.v1.ErrorReason;

/**
 * What is wrong with one row of a batch.
 *
 * @param row the row's index
 * @param reason why it is refused
 * @param field where, for example {@code rows[17].delta}
 * @param message {@code name: value (expected: rule)}
 */
public record RowViolation(int row, ErrorReason reason, String field, String message) {}
