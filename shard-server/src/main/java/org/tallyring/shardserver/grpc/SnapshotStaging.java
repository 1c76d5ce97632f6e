package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.tallyring.proto.internal.v1.NamespaceRestored;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.proto.internal.v1.StageNamespaceRequest;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.NamespaceSplit;
import org.tallyring.topology.range.RangeTable;

/**
 * Sends what a restore deals out to the ranges, each range's pieces in order and numbered. Blocks
 * when a range's buffer is full, until its owner has journaled it. Used by one thread.
 */
final class SnapshotStaging implements NamespaceSplit.Sink {

  private final RangeTable table;
  private final OwnerCalls owners;
  private final NamespaceRestored first;
  private final ByteString.Output[] buffers;
  private final long[] sequences;

  /**
   * Nothing sent yet.
   *
   * @param basedOnRevision the stored definition's revision, 0 for none
   */
  SnapshotStaging(
      RangeTable table,
      OwnerCalls owners,
      String snapshot,
      NamespaceDefinition definition,
      long basedOnRevision) {
    this.table = table;
    this.owners = owners;
    this.first =
        NamespaceRestored.newBuilder()
            .setNamespaceUid(definition.getUid())
            .setDefinition(definition)
            .setSnapshot(snapshot)
            .setBasedOnRevision(basedOnRevision)
            .build();
    this.buffers = new ByteString.Output[table.rangeCount()];
    this.sequences = new long[table.rangeCount()];
    for (int range = 0; range < buffers.length; range++) {
      buffers[range] = ByteString.newOutput();
    }
  }

  @Override
  public void take(int rangeId, SnapshotPiece piece) {
    try {
      piece.writeDelimitedTo(buffers[rangeId]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (buffers[rangeId].size() >= RangeSnapshots.CHUNK_BYTES) {
      flush(rangeId);
    }
  }

  /** Sends the rest; also to ranges that got nothing, which have to know the namespace too. */
  void flushAll() {
    owners.forEach(
        table.rangeCount(),
        range -> {
          if (buffers[range].size() > 0 || sequences[range] == 0) {
            flush(range);
          }
        });
  }

  private void flush(int rangeId) {
    long sequence = ++sequences[rangeId];
    NamespaceRestored.Builder piece =
        sequence == 1
            ? first.toBuilder()
            : NamespaceRestored.newBuilder().setNamespaceUid(first.getNamespaceUid());
    StageNamespaceRequest request =
        StageNamespaceRequest.newBuilder()
            .setRangeId(rangeId)
            .setPiece(piece.setSequence(sequence).setPieces(buffers[rangeId].toByteString()))
            .build();
    buffers[rangeId].reset();
    owners.call(rangeId, stub -> stub.stageNamespace(request));
  }
}
