package org.tallyring.shardserver.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status.Code;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SegmentHeader;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.LogEntry;
import org.tallyring.proto.v1.LoggedBatch;
import org.tallyring.proto.v1.LoggedBatches;
import org.tallyring.proto.v1.ReadLogRequest;
import org.tallyring.proto.v1.ReadLogResponse;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.StoredEntry;
import org.tallyring.shardserver.ownership.AppliedJournal;

/**
 * One reading of the journal of a range held here, on behalf of one call.
 *
 * <p><b>Flow control.</b> A chunk is read at a time, and the next when the call has taken it: a
 * slow reader costs a chunk.
 *
 * <p>Entries come on threads of the journal's, and the call says on its own that it can take more;
 * one lock guards it all, and nothing blocks under it.
 */
final class LogFeed {

  private final ReadLogRequest request;
  private final ServerCallStreamObserver<ReadLogResponse> call;
  private final Queue<StoredEntry> waiting = new ArrayDeque<>();

  /** The uids under which the namespace asked for was seen: a deletion names nothing else. */
  private final Set<Long> uids = new HashSet<>();

  private @Nullable AppliedJournal journal;

  /** Knows what counted; null unless that was asked for. */
  private @Nullable RangeEngine replay;

  private Position at = Position.START;
  private Position first = Position.START;
  private SegmentHeader header = SegmentHeader.getDefaultInstance();
  private long told;
  private boolean reading;
  private boolean ended;

  /** A feed of a call that is being accepted. */
  LogFeed(ReadLogRequest request, ServerCallStreamObserver<ReadLogResponse> call) {
    this.request = request;
    this.call = call;
    call.setOnReadyHandler(this::pump);
    call.setOnCancelHandler(this::end);
  }

  /** Begins when the journal can be read; without one the range is not served here any more. */
  void begin(CompletableFuture<@Nullable AppliedJournal> opening) {
    opening.whenComplete(
        (opened, failure) -> {
          if (failure != null) {
            fail(failure);
          } else if (opened == null) {
            fail(RangeOwners.unavailable(request.getRangeId()));
          } else {
            begin(opened);
          }
        });
  }

  private synchronized void begin(AppliedJournal opened) {
    if (ended) {
      opened.stored().close();
      return;
    }
    journal = opened;
    first = opened.stored().beginning();
    if (request.hasFrom()) {
      Position from =
          new Position(request.getFrom().getSegment(), request.getFrom().getEntry() - 1);
      first = from.compareTo(first) > 0 ? from : first;
    }
    if (request.getCounted()) {
      if (!opened.stored().beginning().equals(Position.START)) {
        fail(notKept());
        return;
      }
      replay = new RangeEngine(request.getRangeId());
      pump();
      return;
    }
    // The header says who wrote what comes after it, also when the reading begins in the middle.
    at = new Position(first.segment(), -1);
    if (first.entry() < 0) {
      pump();
    } else {
      read(new Position(first.segment(), 0));
    }
  }

  private synchronized void pump() {
    while (!ended && !reading && journal != null && call.isReady()) {
      StoredEntry next = waiting.poll();
      if (next != null) {
        take(next);
      } else if (at.compareTo(journal.upTo()) >= 0 || isEnough()) {
        end();
        call.onCompleted();
      } else {
        read(journal.upTo());
      }
    }
  }

  private boolean isEnough() {
    return request.getLimit() != 0 && told >= request.getLimit();
  }

  private void read(Position upTo) {
    AppliedJournal from = journal;
    if (from == null) {
      return;
    }
    reading = true;
    Position limit = upTo.compareTo(from.upTo()) < 0 ? upTo : from.upTo();
    from.stored().after(at, limit).whenComplete((read, failure) -> took(read, failure, from));
  }

  private synchronized void took(
      @Nullable List<StoredEntry> read, @Nullable Throwable failure, AppliedJournal from) {
    reading = false;
    if (failure != null) {
      fail(failure);
      return;
    }
    if (read == null || read.isEmpty()) {
      at = from.upTo();
    } else {
      waiting.addAll(read);
      at = read.get(read.size() - 1).position();
      if (replay == null && at.compareTo(first) < 0) {
        at = first;
      }
    }
    pump();
  }

  private void take(StoredEntry stored) {
    try {
      JournalEntry entry = JournalEntry.parseFrom(stored.bytes());
      if (entry.hasHeader()) {
        header = entry.getHeader();
      }
      if (replay != null) {
        replay.apply(entry);
      }
      if (stored.position().compareTo(first) > 0 && !isEnough() && isWanted(entry)) {
        told++;
        call.onNext(ReadLogResponse.newBuilder().setEntry(message(stored, entry)).build());
      }
    } catch (InvalidProtocolBufferException | IllegalStateException e) {
      fail(e);
    }
  }

  private LogEntry message(StoredEntry stored, JournalEntry entry) {
    LogEntry.Builder message =
        AuditMessages.entry(entry)
            .setPosition(AuditMessages.position(stored.position()))
            .setOwner(header.getOwner())
            .setEpoch(header.getEpoch());
    if (replay != null && message.hasBatches()) {
      LoggedBatches.Builder batches = message.getBatchesBuilder();
      for (int i = 0; i < batches.getBatchesCount(); i++) {
        for (int row : replay.duplicateRows(i)) {
          batches.getBatchesBuilder(i).addDuplicateRows(row);
        }
      }
    }
    if (message.hasBatches() && !request.getNamespace().isEmpty()) {
      LoggedBatches.Builder wanted = LoggedBatches.newBuilder();
      for (LoggedBatch batch : message.getBatches().getBatchesList()) {
        if (batch.getBatch().getNamespace().equals(request.getNamespace())) {
          wanted.addBatches(batch);
        }
      }
      message.setBatches(wanted);
    }
    return message.build();
  }

  private boolean isWanted(JournalEntry entry) {
    if (request.getNamespace().isEmpty()) {
      return true;
    }
    return switch (entry.getContentCase()) {
      case BATCHES ->
          entry.getBatches().getBatchesList().stream()
                  .filter(
                      batch ->
                          isNamed(
                              AuditMessages.columns(batch).getNamespace(), batch.getNamespaceUid()))
                  .count()
              > 0;
      case NAMESPACE_DEFINED ->
          isNamed(
              entry.getNamespaceDefined().getDefinition().getName(),
              entry.getNamespaceDefined().getDefinition().getUid());
      case NAMESPACE_DELETED -> uids.contains(entry.getNamespaceDeleted().getNamespaceUid());
      // Only the first piece has the name.
      case NAMESPACE_RESTORED ->
          isNamed(
                  entry.getNamespaceRestored().getDefinition().getName(),
                  entry.getNamespaceRestored().getNamespaceUid())
              || uids.contains(entry.getNamespaceRestored().getNamespaceUid());
      case HEADER, CONTENT_NOT_SET -> false;
    };
  }

  private boolean isNamed(String name, long uid) {
    if (!name.equals(request.getNamespace())) {
      return false;
    }
    uids.add(uid);
    return true;
  }

  private Throwable notKept() {
    return Errors.of(
        Code.FAILED_PRECONDITION,
        ErrorReason.ERROR_REASON_JOURNAL_NOT_KEPT,
        "range: "
            + request.getRangeId()
            + ": its journal is not kept from its first entry on (expected: a journal retention that"
            + " is longer)");
  }

  private synchronized void fail(Throwable failure) {
    if (!ended) {
      end();
      call.onError(Calls.toStatus(failure));
    }
  }

  private synchronized void end() {
    ended = true;
    waiting.clear();
    if (journal != null) {
      journal.stored().close();
    }
  }
}
