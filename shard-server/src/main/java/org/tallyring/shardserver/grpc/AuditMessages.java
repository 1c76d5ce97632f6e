package org.tallyring.shardserver.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.Optional;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.JournalPosition;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.LoggedBatch;
import org.tallyring.proto.v1.LoggedBatches;
import org.tallyring.proto.v1.LoggedDefinition;
import org.tallyring.proto.v1.LoggedDeletion;
import org.tallyring.proto.v1.LoggedRestore;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Mismatch;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.SegmentBegun;
import org.tallyring.proto.window.Windows;
import org.tallyring.shardserver.engine.StateDifference;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.topology.window.WindowLevel;

/** What verifications found and journals hold, as messages. */
final class AuditMessages {

  private AuditMessages() {}

  static JournalPosition position(Position position) {
    return JournalPosition.newBuilder()
        .setSegment(position.segment())
        .setEntry(position.entry())
        .build();
  }

  static RangeVerification verification(
      String owner, org.tallyring.shardserver.ownership.RangeVerification found) {
    RangeVerification.Builder message =
        RangeVerification.newBuilder()
            .setRangeId(found.rangeId())
            .setOwner(owner)
            .setEpoch(found.epoch())
            .setReplayedTo(position(found.upTo()))
            .setEntries(found.entries())
            .setKeys(found.keys())
            .setSnapshots(found.snapshots())
            .setMismatchCount(found.mismatchCount());
    if (!found.from().equals(Position.START)) {
      message.setReplayedFrom(position(found.from()));
    }
    found
        .mismatches()
        .forEach(each -> message.addMismatches(mismatch(each.snapshot(), each.difference())));
    return message.build();
  }

  private static Mismatch mismatch(Optional<Position> snapshot, StateDifference difference) {
    Mismatch.Builder message =
        Mismatch.newBuilder()
            .setWhat(difference.what())
            .setNamespace(difference.namespace())
            .setMetric(difference.metric())
            .setKey(difference.key())
            .setStartMillis(difference.startMillis())
            .setStored(difference.stored())
            .setReplayed(difference.replayed());
    WindowLevel level = difference.level();
    if (level != null) {
      message.setWindow(Windows.window(level));
    }
    snapshot.ifPresent(position -> message.setSnapshot(position(position)));
    return message.build();
  }

  /** The content of an entry; place and owner are left to be set. */
  static LogEntry.Builder entry(JournalEntry entry) {
    LogEntry.Builder message = LogEntry.newBuilder();
    switch (entry.getContentCase()) {
      case HEADER -> message.setSegmentBegun(SegmentBegun.getDefaultInstance());
      case BATCHES -> {
        LoggedBatches.Builder batches = message.getBatchesBuilder();
        entry.getBatches().getBatchesList().forEach(batch -> batches.addBatches(batch(batch)));
      }
      case NAMESPACE_DELETED ->
          message.setNamespaceDeleted(
              LoggedDeletion.newBuilder()
                  .setNamespaceUid(entry.getNamespaceDeleted().getNamespaceUid()));
      case NAMESPACE_DEFINED ->
          message.setNamespaceDefined(definition(entry.getNamespaceDefined().getDefinition()));
      case NAMESPACE_RESTORED ->
          message.setNamespaceRestored(
              LoggedRestore.newBuilder()
                  .setNamespaceUid(entry.getNamespaceRestored().getNamespaceUid())
                  .setName(entry.getNamespaceRestored().getDefinition().getName())
                  .setSnapshot(entry.getNamespaceRestored().getSnapshot())
                  .setSequence(entry.getNamespaceRestored().getSequence())
                  .setByteSize(entry.getNamespaceRestored().getPieces().size()));
      // Of a later version: its place still tells something.
      case CONTENT_NOT_SET -> {}
    }
    return message;
  }

  private static LoggedBatch batch(AcceptedBatch batch) {
    return LoggedBatch.newBuilder()
        .setSessionId(batch.getSessionId())
        .setNamespaceUid(batch.getNamespaceUid())
        .setAcceptedAtMillis(batch.getAcceptedAtMillis())
        .setBatch(columns(batch))
        .build();
  }

  /** What a range accepted was read before that, so it can be read again. */
  static RecordBatch columns(AcceptedBatch batch) {
    try {
      return RecordBatch.parseFrom(batch.getBatch());
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException("the journal holds a batch that cannot be read", malformed);
    }
  }

  private static LoggedDefinition definition(NamespaceDefinition definition) {
    return LoggedDefinition.newBuilder()
        .setName(definition.getName())
        .setNamespaceUid(definition.getUid())
        .setRevision(definition.getRevision())
        .addAllMetrics(definition.getMetricsList().stream().map(MetricDefinition::getName).toList())
        .build();
  }
}
