package org.tallyring.shardserver.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.NamedSnapshotPart;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableChunk;
import org.tallyring.proto.internal.v1.PortableHeader;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.engine.NamespaceSplit;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.topology.range.RangeTable;

/**
 * Stores a snapshot in its portable form as a named one. Blocks; for one call and used by one
 * thread at a time.
 *
 * <p>Every chunk is looked through as a restore would, without going anywhere, so that what cannot
 * be dealt out is refused here.
 */
final class SnapshotImport {

  private static final RangeTable NOWHERE = new RangeTable(1);

  private final NamedSnapshots snapshots;
  private final Random random = new SecureRandom();
  private final List<NamedSnapshotPart> parts = new ArrayList<>();
  private final List<byte[]> chunks = new ArrayList<>();
  private @Nullable Versioned<NamedSnapshot> claimed;
  private PortableHeader header = PortableHeader.getDefaultInstance();
  private NamespaceSplit check = new NamespaceSplit("", NOWHERE, (range, piece) -> {});
  private long blocks;
  private boolean done;

  SnapshotImport(NamedSnapshots snapshots) {
    this.snapshots = snapshots;
  }

  /** Takes the next block. */
  ImportSnapshotResponse take(ImportSnapshotRequest request) {
    PortableBlock block;
    try {
      block = PortableBlock.parseFrom(request.getBlock());
    } catch (InvalidProtocolBufferException e) {
      throw bad("a block cannot be read", "blocks of an export");
    }
    if (done) {
      throw bad("a block after the last", "none");
    }
    if (claimed == null) {
      begin(request.getName(), block);
    } else if (block.hasChunk()) {
      add(block.getChunk());
    } else {
      throw bad("a block that is no chunk", "chunks after the header");
    }
    blocks++;
    ImportSnapshotResponse.Builder response = ImportSnapshotResponse.newBuilder().setBlocks(blocks);
    if (request.getLast()) {
      storeUpTo(header.getPartKeysCount());
      done = true;
      response.setSnapshot(
          NamedSnapshots.info(snapshots.complete(Objects.requireNonNull(claimed), parts)));
    }
    return response.build();
  }

  private void begin(String name, PortableBlock block) {
    if (!block.hasHeader()) {
      throw bad("the first block is no header", "the header of an export");
    }
    header = block.getHeader();
    if (header.getFormat() != SnapshotExport.FORMAT) {
      throw bad("format " + header.getFormat(), Integer.toString(SnapshotExport.FORMAT));
    }
    int partCount = header.getPartKeysCount();
    if (partCount < 1 || partCount > RangeTable.MAX_RANGE_COUNT) {
      throw bad(partCount + " parts", "1.." + RangeTable.MAX_RANGE_COUNT);
    }
    NamespaceEditor.check(header.getNamespace());
    claimed =
        snapshots.claim(
            NamedSnapshot.newBuilder()
                .setId(random.nextLong())
                .setName(name)
                .setNamespace(header.getNamespace())
                .setCreatedAtMillis(header.getCreatedAtMillis())
                .setRangeCount(partCount)
                .build());
  }

  private void add(PortableChunk chunk) {
    if (chunk.getPart() < parts.size() || chunk.getPart() >= header.getPartKeysCount()) {
      throw bad("a chunk of part " + chunk.getPart(), "parts in their order");
    }
    if (chunk.getPart() > parts.size() || chunks.isEmpty()) {
      storeUpTo(chunk.getPart());
      check.begin(chunk.getPart());
    }
    byte[] pieces = chunk.getPieces().toByteArray();
    try {
      check.add(pieces);
    } catch (IllegalArgumentException damaged) {
      throw bad(String.valueOf(damaged.getMessage()), "as it was exported");
    }
    chunks.add(pieces);
  }

  /** Stores the chunks so far as their part; those until the next one have none. */
  private void storeUpTo(int nextPart) {
    while (parts.size() < nextPart) {
      int part = parts.size();
      NamedSnapshotPart.Builder stored =
          NamedSnapshotPart.newBuilder().setRangeId(part).setKeys(header.getPartKeys(part));
      if (!chunks.isEmpty()) {
        stored.setLedger(snapshots.archive().store(part, 0, Position.START, chunks).join());
        chunks.clear();
      }
      parts.add(stored.build());
    }
  }

  /** Takes back what was stored, unless all of it was. */
  void abandon() {
    Versioned<NamedSnapshot> begun = claimed;
    if (begun != null && !done) {
      done = true;
      snapshots.discard(begun, parts);
    }
  }

  private static StatusRuntimeException bad(String what, String expected) {
    return Errors.invalid(
        ErrorReason.ERROR_REASON_BAD_SNAPSHOT,
        "block",
        "snapshot: " + what + " (expected: " + expected + ")");
  }
}
