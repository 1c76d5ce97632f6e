package org.tallyring.shardserver.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.tallyring.proto.internal.v1.SnapshotPiece;

/**
 * The state of a range at one place of its journal, still to be written down. Making it takes a
 * little of the writer's time; {@link #write} is for another thread, while the range goes on: what
 * it reads is frozen.
 */
public final class SnapshotCut {

  /** What a snapshot consists of, in its order. */
  static final class Parts {

    private final List<Consumer<Consumer<SnapshotPiece>>> writers = new ArrayList<>();

    /** Adds a piece. */
    void now(SnapshotPiece piece) {
      writers.add(pieces -> pieces.accept(piece));
    }

    /** Adds something that gives pieces later, on another thread, from what is frozen. */
    void later(Consumer<Consumer<SnapshotPiece>> writer) {
      writers.add(writer);
    }
  }

  private final Parts parts;
  private final int maxChunkBytes;

  SnapshotCut(Parts parts, int maxChunkBytes) {
    this.parts = parts;
    this.maxChunkBytes = maxChunkBytes;
  }

  /**
   * Writes it down; once.
   *
   * @return length-delimited {@code SnapshotPiece}s; none straddles two chunks
   * @throws IllegalArgumentException if a piece that cannot be divided is larger than a chunk
   */
  public List<byte[]> write() {
    ChunkWriter chunks = new ChunkWriter(maxChunkBytes);
    parts.writers.forEach(writer -> writer.accept(chunks::write));
    return chunks.end();
  }
}
