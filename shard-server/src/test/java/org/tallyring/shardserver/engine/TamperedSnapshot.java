package org.tallyring.shardserver.engine;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.tallyring.proto.internal.v1.SnapshotPiece;

/** Changes snapshots as nothing in the journal would. */
public final class TamperedSnapshot {

  private TamperedSnapshot() {}

  /** A chunk with one more in the first count of its first bucket, if it has one. */
  public static byte[] withOneMore(byte[] chunk) {
    boolean[] done = new boolean[1];
    return change(
        chunk,
        piece -> {
          if (done[0] || !piece.hasBucket() || piece.getBucket().getCountsCount() == 0) {
            return piece;
          }
          done[0] = true;
          SnapshotPiece.Builder changed = piece.toBuilder();
          changed.getBucketBuilder().setCounts(0, piece.getBucket().getCounts(0) + 1);
          return changed.build();
        });
  }

  /** A chunk whose pieces are changed; those that become the default instance are left out. */
  static byte[] change(byte[] chunk, UnaryOperator<SnapshotPiece> change) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      for (SnapshotPiece piece : pieces(chunk)) {
        SnapshotPiece changed = change.apply(piece);
        if (!changed.equals(SnapshotPiece.getDefaultInstance())) {
          changed.writeDelimitedTo(out);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static List<SnapshotPiece> pieces(byte[] chunk) {
    List<SnapshotPiece> pieces = new ArrayList<>();
    ByteArrayInputStream in = new ByteArrayInputStream(chunk);
    try {
      SnapshotPiece piece = SnapshotPiece.parseDelimitedFrom(in);
      while (piece != null) {
        pieces.add(piece);
        piece = SnapshotPiece.parseDelimitedFrom(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pieces;
  }
}
