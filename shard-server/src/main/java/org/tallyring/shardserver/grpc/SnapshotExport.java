package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableChunk;
import org.tallyring.proto.internal.v1.PortableHeader;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotResponse;

/** Reads named snapshots in their portable form. Blocks. */
final class SnapshotExport {

  /** The portable form's number. */
  static final int FORMAT = 1;

  private final NamedSnapshots snapshots;

  SnapshotExport(NamedSnapshots snapshots) {
    this.snapshots = snapshots;
  }

  /** Sends all blocks. */
  void export(ExportSnapshotRequest request, PacedCall<ExportSnapshotResponse> call) {
    NamedSnapshot snapshot = snapshots.find(request.getName());
    PortableHeader.Builder header =
        PortableHeader.newBuilder()
            .setFormat(FORMAT)
            .setName(snapshot.getName())
            .setNamespace(snapshot.getNamespace())
            .setCreatedAtMillis(snapshot.getCreatedAtMillis());
    snapshot.getPartsList().forEach(part -> header.addPartKeys(part.getKeys()));
    int total = snapshot.getPartsCount();
    call.send(block(PortableBlock.newBuilder().setHeader(header), 0, total));
    int done = 0;
    for (NamedSnapshotPart part : snapshot.getPartsList()) {
      done++;
      if (part.hasLedger()) {
        for (byte[] chunk : snapshots.archive().read(part.getLedger()).join()) {
          call.send(
              block(
                  PortableBlock.newBuilder()
                      .setChunk(
                          PortableChunk.newBuilder()
                              .setPart(part.getRangeId())
                              .setPieces(ByteString.copyFrom(chunk))),
                  done,
                  total));
        }
      }
    }
  }

  private static ExportSnapshotResponse block(PortableBlock.Builder block, int done, int total) {
    return ExportSnapshotResponse.newBuilder()
        .setBlock(block.build().toByteString())
        .setPartsDone(done)
        .setPartsTotal(total)
        .build();
  }
}
