package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;

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
  public static List<IdentifiedRow> of(BatchColumns columns) {
    if (!EventIdColumn.isIn(columns)) {
      return List.of();
    }
    List<IdentifiedRow> rows = new ArrayList<>(columns.rows());
    EventIdColumn ids = new EventIdColumn(columns);
    int start = columns.keys.start();
    for (int row = 0; row < columns.rows(); row++) {
      int length = columns.keyLengths.get(row);
      EventId id = ids.next();
      if (id != null) {
        rows.add(new IdentifiedRow(row, columns.copy(start, length), id, ids.payload()));
      }
      start += length;
    }
    return rows;
  }
}
