package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.HitRecorded;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A sample of the increments, for whoever watches now. It is not part of the state: the rate is the
 * highest that a watcher asks for, and what nobody took is gone.
 *
 * <p>Whether an increment is in a sample follows from its number in the range. So two watchers of
 * one rate see the same hits, a watcher of a lower rate sees some of them, and a new owner goes on
 * with the same choice.
 */
final class HitSample {

  private static final int MAX_HITS = 1024;

  private final int rangeId;
  private final TreeMap<Long, Event> kept = new TreeMap<>();
  private long taken;
  private double rate;

  /** An empty sample at the rate 0. */
  HitSample(int rangeId) {
    this.rangeId = rangeId;
  }

  /** Sets the share of increments that is kept; at 0 nothing is. */
  void rate(double newRate) {
    rate = newRate;
    if (newRate == 0) {
      kept.clear();
    }
  }

  /**
   * Samples the rows of a batch.
   *
   * @param firstNumber the how-manyeth increment of the range the first row that counts is
   * @param duplicates the rows that do not count
   */
  void take(AcceptedBatch accepted, long firstNumber, long journalTimeMillis, BitSet duplicates) {
    if (rate == 0) {
      return;
    }
    RecordBatch batch = accepted.getBatch();
    long number = firstNumber;
    int keyStart = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      int keyEnd = keyStart + batch.getKeyLengths(row);
      boolean counts = !duplicates.get(row);
      if (counts && isSampled(number, rate)) {
        keep(
            Event.newBuilder()
                .setKind(EventKind.EVENT_KIND_HIT_RECORDED)
                .setRangeId(rangeId)
                .setNumber(number)
                .setJournalTimeMillis(journalTimeMillis)
                .setNamespace(batch.getNamespace())
                .setMetric(
                    batch.getMetrics(
                        batch.getMetricIndexesCount() == 0 ? 0 : batch.getMetricIndexes(row)))
                .setKey(
                    ByteString.copyFrom(batch.getKeys().substring(keyStart, keyEnd).toByteArray()))
                .setHitRecorded(hit(accepted, row))
                .build());
      }
      keyStart = keyEnd;
      number += counts ? RowRepeats.of(batch, row) : 0;
    }
  }

  private static HitRecorded hit(AcceptedBatch accepted, int row) {
    RecordBatch batch = accepted.getBatch();
    long offset = batch.getTimeOffsetsMillisCount() == 0 ? 0 : batch.getTimeOffsetsMillis(row);
    return HitRecorded.newBuilder()
        .setDelta(RowRepeats.delta(batch, row))
        .setEventTimeMillis(RowBlock.baseTimeMillis(accepted) + offset)
        .build();
  }

  private void keep(Event hit) {
    taken++;
    kept.put(taken, hit);
    if (kept.size() > MAX_HITS) {
      kept.pollFirstEntry();
    }
  }

  /** How many hits were taken in this tenure. */
  long taken() {
    return taken;
  }

  /** The hits after one of them, numbered by {@link #taken}. */
  Map<Long, Event> after(long hit) {
    return kept.tailMap(hit, false);
  }

  /** How many hits after one of them, up to another, are not kept any more. */
  long missed(long after, long upTo) {
    return upTo - after - kept.subMap(after, false, upTo, true).size();
  }

  /** Whether a watcher of the given rate gets this hit. */
  boolean isSampled(Event hit, double ofRate) {
    return isSampled(hit.getNumber(), ofRate);
  }

  private boolean isSampled(long number, double ofRate) {
    return (mix(number * 64 + rangeId) >>> 11) * 0x1.0p-53 < ofRate;
  }

  /** Stafford's variant 13 of MurmurHash3's finalizer, as in {@code SplittableRandom}. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
