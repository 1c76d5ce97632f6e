package org.tallyring.shardserver.engine;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.internal.v1.SnapshotPiece;

/** Puts pieces of a snapshot into chunks, none straddling two. */
final class ChunkWriter {

  private final int maxChunkBytes;
  private final List<byte[]> chunks = new ArrayList<>();
  private final ByteArrayOutputStream chunk = new ByteArrayOutputStream();

  /** No chunk yet. */
  ChunkWriter(int maxChunkBytes) {
    this.maxChunkBytes = maxChunkBytes;
  }

  /**
   * Adds a piece.
   *
   * @throws IllegalArgumentException if it is larger than a chunk
   */
  void write(SnapshotPiece piece) {
    int size = piece.getSerializedSize();
    long delimitedSize = (long) CodedOutputStream.computeUInt32SizeNoTag(size) + size;
    if (delimitedSize > maxChunkBytes) {
      throw new IllegalArgumentException(
          "maxChunkBytes: " + maxChunkBytes + " (expected: at least " + delimitedSize + ")");
    }
    if (chunk.size() + delimitedSize > maxChunkBytes) {
      endChunk();
    }
    try {
      piece.writeDelimitedTo(chunk);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All chunks. */
  List<byte[]> end() {
    endChunk();
    return chunks;
  }

  private void endChunk() {
    if (chunk.size() > 0) {
      chunks.add(chunk.toByteArray());
      chunk.reset();
    }
  }
}
