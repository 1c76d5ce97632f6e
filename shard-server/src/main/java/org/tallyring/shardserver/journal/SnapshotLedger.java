package org.tallyring.shardserver.journal;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.zip.CRC32C;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.apache.bookkeeper.client.api.WriteHandle;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * A snapshot in a ledger of its own: its chunks as entries, then a footer of 16 bytes with how many
 * chunks and bytes there are and the CRC-32C over all of them. The range's record says the same, so
 * a snapshot is checked against both: the footer tells an incomplete one, the record a wrong one.
 */
final class SnapshotLedger {

  private static final int FOOTER_BYTES = Integer.BYTES + Long.BYTES + Integer.BYTES;

  /**
   * How much is written at once. A snapshot must not fill the bookies' queues, in which the range's
   * increments wait as well.
   */
  private static final int BYTES_IN_FLIGHT = 4 << 20;

  private final WriteHandle ledger;
  private final List<byte[]> chunks;
  private final CRC32C checksum = new CRC32C();
  private long bytes;

  private SnapshotLedger(WriteHandle ledger, List<byte[]> chunks) {
    this.ledger = ledger;
    this.chunks = chunks;
  }

  /** Writes chunks and footer and ends the ledger; the reference is what the record has to say. */
  static CompletableFuture<SnapshotReference> write(
      WriteHandle ledger, Position upTo, List<byte[]> chunks) {
    SnapshotLedger snapshot = new SnapshotLedger(ledger, chunks);
    return snapshot
        .writeFrom(0)
        .thenCompose(written -> ledger.appendAsync(snapshot.footer()))
        .thenCompose(written -> ledger.closeAsync())
        .thenApply(
            closed ->
                SnapshotReference.newBuilder()
                    .setLedgerId(ledger.getId())
                    .setSegment(upTo.segment())
                    .setEntry(upTo.entry())
                    .setCrc32C((int) snapshot.checksum.getValue())
                    .setByteSize(snapshot.bytes)
                    .build());
  }

  private CompletableFuture<?> writeFrom(int first) {
    CompletableFuture<?> written = CompletableFuture.completedFuture(null);
    int inFlight = 0;
    int next = first;
    while (next < chunks.size() && inFlight < BYTES_IN_FLIGHT) {
      byte[] chunk = chunks.get(next++);
      checksum.update(chunk);
      bytes += chunk.length;
      inFlight += chunk.length;
      written = CompletableFuture.allOf(written, ledger.appendAsync(chunk));
    }
    int rest = next;
    return rest == chunks.size() ? written : written.thenCompose(done -> writeFrom(rest));
  }

  private byte[] footer() {
    return ByteBuffer.allocate(FOOTER_BYTES)
        .putInt(chunks.size())
        .putLong(bytes)
        .putInt((int) checksum.getValue())
        .array();
  }

  /**
   * Reads a snapshot; fails with {@link DamagedSnapshotException} if it is not what was written.
   */
  static CompletableFuture<List<byte[]>> read(
      ReadHandle ledger, SnapshotReference reference, int chunkBytes, Executor executor) {
    List<byte[]> entries = new ArrayList<>();
    return ChunkedReader.read(
            List.of(new ChunkedReader.Stretch(0, ledger, 0, ledger.getLastAddConfirmed())),
            chunkBytes,
            executor,
            (position, entry) -> entries.add(entry))
        .thenApply(read -> checked(entries, reference));
  }

  /** The chunks among a snapshot's entries, if they and the footer fit what the record says. */
  static List<byte[]> checked(List<byte[]> entries, SnapshotReference reference) {
    if (entries.isEmpty() || entries.get(entries.size() - 1).length != FOOTER_BYTES) {
      throw damaged(reference, "no footer");
    }
    List<byte[]> chunks = entries.subList(0, entries.size() - 1);
    ByteBuffer footer = ByteBuffer.wrap(entries.get(entries.size() - 1));
    int chunkCount = footer.getInt();
    long byteCount = footer.getLong();
    int footerChecksum = footer.getInt();
    CRC32C checksum = new CRC32C();
    long bytes = 0;
    for (byte[] chunk : chunks) {
      checksum.update(chunk);
      bytes += chunk.length;
    }
    if (chunkCount != chunks.size() || byteCount != bytes || bytes != reference.getByteSize()) {
      throw damaged(
          reference,
          "%d bytes in %d chunks (expected: %d in %d)"
              .formatted(bytes, chunks.size(), reference.getByteSize(), chunkCount));
    }
    int actual = (int) checksum.getValue();
    if (actual != footerChecksum || actual != reference.getCrc32C()) {
      throw damaged(
          reference, "CRC-32C %08x (expected: %08x)".formatted(actual, reference.getCrc32C()));
    }
    return chunks;
  }

  private static DamagedSnapshotException damaged(SnapshotReference reference, String what) {
    return new DamagedSnapshotException(
        "Snapshot in ledger %d: %s".formatted(reference.getLedgerId(), what));
  }

  /** A snapshot is not what was written. */
  static final class DamagedSnapshotException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    DamagedSnapshotException(String message) {
      super(message);
    }
  }
}
