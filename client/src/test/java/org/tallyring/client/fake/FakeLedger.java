package org.tallyring.client.fake;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.RecordBatch;

/** The state of one range: the last number of each session, and the rows in the order applied. */
public final class FakeLedger {

  /** What a ledger says to a numbered batch. */
  enum Verdict {
    APPLIED,
    DUPLICATE,
    GAP,
    EXPIRED
  }

  /** A row as applied; {@code time} is null if it had none. */
  public record Row(String metric, String key, long delta, @Nullable Long time) {}

  private final Map<ByteString, Long> sessions = new HashMap<>();
  private final Map<ByteString, Long> firstAnsweredAt = new HashMap<>();
  private final List<Row> rows = new ArrayList<>();
  private final Map<Event, Row> events = new HashMap<>();

  private record Event(String key, ByteString id) {}

  /** What {@link #apply} would say. */
  Verdict check(ByteString session, long sequence) {
    Long last = sessions.get(session);
    if (last == null) {
      return sequence == 1 ? Verdict.APPLIED : Verdict.EXPIRED;
    }
    if (sequence <= last) {
      return Verdict.DUPLICATE;
    }
    return sequence == last + 1 ? Verdict.APPLIED : Verdict.GAP;
  }

  /** Applies the batch if it is the next of its session. */
  Verdict apply(ByteString session, RecordBatch batch) {
    Verdict verdict = check(session, batch.getSequence());
    if (verdict == Verdict.APPLIED) {
      sessions.put(session, batch.getSequence());
      List<Row> given = rows(batch);
      List<@Nullable Event> ids = events(batch, given);
      for (int i = 0; i < given.size(); i++) {
        Event event = ids.get(i);
        if (event == null || events.put(event, given.get(i)) == null) {
          int repeats = batch.getRepeatsCount() == 0 ? 1 : batch.getRepeats(i);
          rows.addAll(Collections.nCopies(repeats, given.get(i)));
        }
      }
    }
    return verdict;
  }

  /** The rows whose event ids are known or come earlier in the batch. */
  List<Integer> duplicateRows(RecordBatch batch) {
    return rowsOfKnownEvents(batch, false);
  }

  /** Those of them that say something else. */
  List<Integer> conflicts(RecordBatch batch) {
    return rowsOfKnownEvents(batch, true);
  }

  private List<Integer> rowsOfKnownEvents(RecordBatch batch, boolean onlyConflicts) {
    Map<Event, Row> known = new HashMap<>(events);
    List<Row> given = rows(batch);
    List<@Nullable Event> ids = events(batch, given);
    List<Integer> found = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      Event event = ids.get(i);
      Row first = event == null ? null : known.putIfAbsent(event, given.get(i));
      if (first != null && !(onlyConflicts && first.equals(given.get(i)))) {
        found.add(i);
      }
    }
    return found;
  }

  private static List<@Nullable Event> events(RecordBatch batch, List<Row> rows) {
    List<@Nullable Event> events = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < rows.size(); i++) {
      int length = batch.getEventIdLengthsCount() == 0 ? 0 : batch.getEventIdLengths(i);
      events.add(
          length == 0
              ? null
              : new Event(
                  rows.get(i).key(), batch.getEventIds().substring(offset, offset + length)));
      offset += length;
    }
    return events;
  }

  /** Forgets all sessions. */
  public void forgetAllSessions() {
    sessions.clear();
  }

  /** The answer to the first batch of a session has reached its client. */
  void firstAnswered(ByteString session, long nanoTime) {
    firstAnsweredAt.putIfAbsent(session, nanoTime);
  }

  /**
   * Forgets sessions, as a range does with those that were idle for an hour. Those stay whose first
   * batch may still come again: the range would take it for the first of a new session, and it is
   * the hour that rules this out for a real one. It may come again until its answer has arrived,
   * and for as long after that as an attempt may be on its way.
   */
  public void forgetSessions(long nanoTime, Duration longestWay) {
    sessions
        .keySet()
        .removeIf(
            session -> {
              Long answered = firstAnsweredAt.get(session);
              return answered != null && nanoTime - answered > longestWay.toNanos();
            });
  }

  /** What was applied, in order. */
  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** How many sessions it remembers. */
  public int sessions() {
    return sessions.size();
  }

  /** The rows of a batch, whatever they repeat. */
  static List<Row> rows(RecordBatch batch) {
    List<Row> rows = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < batch.getKeyLengthsCount(); i++) {
      int length = batch.getKeyLengths(i);
      Row row =
          new Row(
              batch.getMetrics(batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(i)),
              batch.getKeys().substring(offset, offset + length).toStringUtf8(),
              batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(i),
              batch.hasBaseTimeMillis()
                  ? Long.valueOf(
                      batch.getBaseTimeMillis()
                          + (batch.getTimeOffsetsMillisCount() == 0
                              ? 0
                              : batch.getTimeOffsetsMillis(i)))
                  : null);
      rows.add(row);
      offset += length;
    }
    return rows;
  }
}
