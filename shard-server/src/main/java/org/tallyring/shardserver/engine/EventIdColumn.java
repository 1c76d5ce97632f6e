package org.tallyring.shardserver.engine;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.RecordBatch;

/** A cursor over the event ids of a batch. It begins before the first row. */
final class EventIdColumn {

  private static final Hasher64 HASH = Hashing.xxh3_64();

  private final RecordBatch batch;
  private final ByteBuffer bytes;
  private final long[] metricHashes;
  private int row = -1;
  private int end;

  /** The ids of a batch that passed {@link BatchValidator}. */
  EventIdColumn(RecordBatch batch) {
    this.batch = batch;
    bytes = batch.getEventIds().asReadOnlyByteBuffer();
    metricHashes = new long[batch.getMetricsCount()];
    for (int i = 0; i < metricHashes.length; i++) {
      byte[] metric = batch.getMetrics(i).getBytes(StandardCharsets.UTF_8);
      metricHashes[i] = HASH.hashBytesToLong(metric);
    }
  }

  /** Whether any row of a batch has an id. */
  static boolean isIn(RecordBatch batch) {
    return batch.getEventIdLengthsCount() > 0;
  }

  /** Goes to the next row; its id, or null if it has none. */
  @Nullable EventId next() {
    row++;
    int length = batch.getEventIdLengths(row);
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
    int metric = batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row);
    long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
    long offset = batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row);
    long metricHash = metricHashes[metric];
    return batch.hasBaseTimeMillis()
        ? HASH.hashLongLongLongToLong(metricHash, delta, batch.getBaseTimeMillis() + offset)
        : HASH.hashLongLongLongToLong(~metricHash, delta, offset);
  }
}
