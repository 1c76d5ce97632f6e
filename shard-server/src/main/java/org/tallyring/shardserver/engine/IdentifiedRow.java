package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A row of a batch that has an event id.
 *
 * @param row its index
 * @param key its key
 * @param id the id
 * @param payload a hash of what rows with this key and id have in common unless they contradict
 *     each other
 */
public record IdentifiedRow(int row, ByteString key, EventId id, long payload) {

  /** All of them, rising; of a batch that passed {@link BatchValidator}. */
  public static List<IdentifiedRow> of(RecordBatch batch) {
    if (!EventIdColumn.isIn(batch)) {
      return List.of();
    }
    List<IdentifiedRow> rows = new ArrayList<>(batch.getEventIdLengthsCount());
    EventIdColumn ids = new EventIdColumn(batch);
    int start = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      int end = start + batch.getKeyLengths(row);
      EventId id = ids.next();
      if (id != null) {
        rows.add(new IdentifiedRow(row, batch.getKeys().substring(start, end), id, ids.payload()));
      }
      start = end;
    }
    return rows;
  }
}
