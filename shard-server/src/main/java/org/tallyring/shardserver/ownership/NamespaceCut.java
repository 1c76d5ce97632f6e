package org.tallyring.shardserver.ownership;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.shardserver.journal.Position;

/**
 * A namespace in one range, at one place of its journal.
 *
 * @param upTo the last entry whose effect is in it
 * @param epoch the owner's
 * @param revision that of the definition in effect, or {@code RangeEngine.UNDEFINED} where the
 *     namespace was never counted
 * @param keys distinct keys
 * @param chunks what it holds, once it is written down
 */
public record NamespaceCut(
    Position upTo, long epoch, long revision, long keys, CompletableFuture<List<byte[]>> chunks) {}
