package org.tallyring.shardserver.engine;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A cursor over the event ids of a batch. It begins before the first row. */
final class EventIdColumn {

  private static final Hasher64 HASH = Hashing.xxh3_64();

  private final BatchColumns columns;
  private final ByteBuffer bytes;
  private final long[] metricHashes;
  private int row = -1;
  private int end;

  /** The ids of a batch that passed {@link BatchValidator}. */
  EventIdColumn(BatchColumns columns) {
    this.columns = columns;
    bytes = ByteBuffer.wrap(columns.bytes);
    end = columns.eventIds.start();
    metricHashes = new long[columns.metricCount()];
    for (int i = 0; i < metricHashes.length; i++) {
      byte[] metric = columns.metric(i).getBytes(StandardCharsets.UTF_8);
      metricHashes[i] = HASH.hashBytesToLong(metric);
    }
  }

  /** Whether any row of a batch has an id. */
  static boolean isIn(BatchColumns columns) {
    return !columns.eventIdLengths.isEmpty();
  }

  /** Goes to the next row; its id, or null if it has none. */
  @Nullable EventId next() {
    row++;
    int length = columns.eventIdLength(row);
    int start = end;
    end += length;
    return length == 0 ? null : EventId.of(bytes, start, length);
  }

  /**
   * For the row at hand, a hash of what rows with one id have in common unless they contradict each
   * other: metric, delta and event time. Where the batch has no base time its rows have none of
   * their own: then it is the offset that counts, or two sends of one event would differ by the
   * moments they are accepted at. Part of the snapshot's layout: it must not change.
   */
  long payload() {
    long metricHash = metricHashes[columns.metricIndex(row)];
    long delta = columns.delta(row);
    long offset = columns.timeOffsetMillis(row);
    return columns.hasBaseTime()
        ? HASH.hashLongLongLongToLong(metricHash, delta, columns.baseTimeMillis(0) + offset)
        : HASH.hashLongLongLongToLong(~metricHash, delta, offset);
  }
}
