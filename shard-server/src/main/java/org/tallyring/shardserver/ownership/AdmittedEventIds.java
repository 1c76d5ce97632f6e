package org.tallyring.shardserver.ownership;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.engine.BatchColumns;
import org.tallyring.shardserver.engine.EventId;
import org.tallyring.shardserver.engine.IdentifiedRow;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RowViolation;

/**
 * The event ids of batches that are admitted and not yet applied, so that a contradiction is found
 * however close together its two increments come in. A repeat is none: it is recognised when it is
 * applied.
 *
 * <p>A batch is compared with what is on its way and with the engine. Both are needed: what is on
 * its way is not in the engine, and what the engine knows may be forgotten before the batch is
 * applied, but never earlier than at the time of its acceptance. Not thread-safe.
 */
final class AdmittedEventIds {

  private record Event(long namespaceUid, ByteString key, EventId id) {}

  /** What is on its way of one event. */
  private static final class Admission {
    final long payload;
    int rows;

    Admission(long payload) {
      this.payload = payload;
    }
  }

  private final Map<Event, Admission> admissions = new HashMap<>();
  private final BatchColumns columns = new BatchColumns();

  /**
   * Admits the event ids of a batch, or none of them if some row contradicts.
   *
   * @return the rows that contradict what the engine knows, what is on its way, or an earlier row
   */
  List<RowViolation> admit(RangeEngine engine, AcceptedBatch accepted) {
    List<IdentifiedRow> rows = rows(accepted);
    if (rows.isEmpty()) {
      return List.of();
    }
    long uid = accepted.getNamespaceUid();
    List<RowViolation> conflicts = new ArrayList<>();
    List<Event> admitted = new ArrayList<>(rows.size());
    for (IdentifiedRow row : rows) {
      Event event = new Event(uid, row.key(), row.id());
      Admission admission = admissions.get(event);
      boolean contradicts =
          admission == null
              ? engine.contradicts(uid, row, accepted.getAcceptedAtMillis())
              : admission.payload != row.payload();
      if (contradicts) {
        conflicts.add(conflict(row.row()));
      } else {
        admissions.computeIfAbsent(event, absent -> new Admission(row.payload())).rows++;
        admitted.add(event);
      }
    }
    if (!conflicts.isEmpty()) {
      admitted.forEach(this::release);
    }
    return conflicts;
  }

  /** A batch that was admitted is on its way no more. */
  void release(AcceptedBatch accepted) {
    for (IdentifiedRow row : rows(accepted)) {
      release(new Event(accepted.getNamespaceUid(), row.key(), row.id()));
    }
  }

  private List<IdentifiedRow> rows(AcceptedBatch accepted) {
    try {
      columns.read(accepted.getBatch());
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException("a batch that cannot be read was accepted", malformed);
    }
    return IdentifiedRow.of(columns);
  }

  /** Nothing is on its way any more. */
  void clear() {
    admissions.clear();
  }

  private void release(Event event) {
    admissions.computeIfPresent(
        event, (same, admission) -> --admission.rows == 0 ? null : admission);
  }

  private static RowViolation conflict(int row) {
    String field = "rows[" + row + "].event_id";
    return new RowViolation(
        row,
        ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT,
        field,
        field
            + ": known with another metric, delta or event time (expected: a new id, or the same"
            + " increment)");
  }
}
