package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.function.Consumer;
import org.tallyring.proto.internal.v1.SnapshotPiece;

/** Reads length-delimited pieces of snapshots. */
final class SnapshotPieces {

  private SnapshotPieces() {}

  /**
   * Gives all pieces in some bytes to a consumer, in order.
   *
   * @throws IllegalArgumentException if they cannot be read
   */
  static void read(byte[] bytes, Consumer<SnapshotPiece> consumer) {
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    try {
      SnapshotPiece piece = SnapshotPiece.parseDelimitedFrom(in);
      while (piece != null) {
        consumer.accept(piece);
        piece = SnapshotPiece.parseDelimitedFrom(in);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("the snapshot is damaged: " + e.getMessage(), e);
    }
  }

  /** As {@link #read(byte[], Consumer)}. */
  static void read(ByteString bytes, Consumer<SnapshotPiece> consumer) {
    read(bytes.toByteArray(), consumer);
  }
}
