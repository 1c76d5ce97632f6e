package org.tallyring.shardserver.grpc;

import io.grpc.Status.Code;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.CutNamespaceRequest;
import org.tallyring.proto.internal.v1.CutNamespaceResponse;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.internal.v1.NamespaceDeleted;
import org.tallyring.proto.internal.v1.SettleNamespaceRequest;
import org.tallyring.proto.internal.v1.SettleNamespaceResponse;
import org.tallyring.proto.internal.v1.StageNamespaceRequest;
import org.tallyring.proto.internal.v1.StageNamespaceResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.journal.SnapshotArchive;
import org.tallyring.shardserver.ownership.NamespaceCut;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;

/** What the owner of a range does for a named snapshot of a namespace, and for restoring one. */
final class RangeSnapshots {

  /** How large a chunk of a cut may be: it has to fit in a message and in a journal's entry. */
  static final int CHUNK_BYTES = 256 << 10;

  /** A chunk, a piece that began before it was full, and what surrounds them. */
  private static final int MAX_STAGED_BYTES = 3 * CHUNK_BYTES;

  private final ShardRanges ranges;
  private final RangeOwners owners;
  private final SnapshotArchive archive;

  RangeSnapshots(ShardRanges ranges, RangeOwners owners, SnapshotArchive archive) {
    this.ranges = ranges;
    this.owners = owners;
    this.archive = archive;
  }

  CompletableFuture<CutNamespaceResponse> cut(CutNamespaceRequest request) {
    int rangeId = request.getRangeId();
    return owned(rangeId)
        .cut(request.getNamespace(), CHUNK_BYTES)
        .thenCompose(
            cut -> {
              if (cut == null) {
                throw RangeOwners.unavailable(rangeId);
              }
              if (cut.revision() > request.getNamespace().getRevision()) {
                throw Errors.of(
                    Code.ABORTED,
                    ErrorReason.ERROR_REASON_SNAPSHOT_CONFLICT,
                    "namespace: "
                        + request.getNamespace().getName()
                        + " was changed meanwhile (expected: no change; repeat the call)");
              }
              return cut.chunks().thenCompose(chunks -> store(rangeId, cut, chunks));
            })
        .thenApply(part -> CutNamespaceResponse.newBuilder().setPart(part).build());
  }

  /** A range in which the namespace was never counted needs no place. */
  private CompletableFuture<NamedSnapshotPart> store(
      int rangeId, NamespaceCut cut, List<byte[]> chunks) {
    NamedSnapshotPart.Builder part =
        NamedSnapshotPart.newBuilder()
            .setRangeId(rangeId)
            .setEpoch(cut.epoch())
            .setKeys(cut.keys());
    return chunks.isEmpty()
        ? CompletableFuture.completedFuture(part.build())
        : archive
            .store(rangeId, cut.epoch(), cut.upTo(), chunks)
            .thenApply(reference -> part.setLedger(reference).build());
  }

  CompletableFuture<StageNamespaceResponse> stage(StageNamespaceRequest request) {
    int bytes = request.getPiece().getSerializedSize();
    if (bytes > MAX_STAGED_BYTES) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "piece",
          "piece: " + bytes + " bytes (expected: at most " + MAX_STAGED_BYTES + ")");
    }
    int rangeId = request.getRangeId();
    long uid = request.getPiece().getNamespaceUid();
    long sequence = request.getPiece().getSequence();
    return owned(rangeId)
        .append(
            JournalEntry.newBuilder().setNamespaceRestored(request.getPiece()).build(),
            engine -> engine.restoredUpTo(uid))
        .thenApply(
            restoredUpTo -> {
              if (restoredUpTo == null) {
                throw RangeOwners.unavailable(rangeId);
              }
              if (restoredUpTo < sequence) {
                throw Errors.of(
                    Code.FAILED_PRECONDITION,
                    ErrorReason.ERROR_REASON_BAD_SNAPSHOT,
                    "snapshot: it could not be applied in range "
                        + rangeId
                        + " (expected: counts that fit its namespace's metrics)");
              }
              return StageNamespaceResponse.getDefaultInstance();
            });
  }

  CompletableFuture<SettleNamespaceResponse> settle(SettleNamespaceRequest request) {
    int rangeId = request.getRangeId();
    JournalEntry.Builder entry = JournalEntry.newBuilder();
    if (request.hasNamespace()) {
      entry.setNamespaceDefined(
          NamespaceDefined.newBuilder().setDefinition(request.getNamespace()));
    } else {
      entry.setNamespaceDeleted(
          NamespaceDeleted.newBuilder().setNamespaceUid(request.getGivenUpUid()));
    }
    return owned(rangeId)
        .append(entry.build(), engine -> true)
        .thenApply(
            done -> {
              if (done == null) {
                throw RangeOwners.unavailable(rangeId);
              }
              return SettleNamespaceResponse.getDefaultInstance();
            });
  }

  private OwnedRange owned(int rangeId) {
    return ranges.find(rangeId).orElseThrow(() -> owners.notOwner(rangeId));
  }
}
