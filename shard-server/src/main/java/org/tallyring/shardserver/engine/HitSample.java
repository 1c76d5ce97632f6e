package org.tallyring.shardserver.engine;

import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.HitRecorded;

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
  void take(
      AcceptedBatch accepted,
      BatchColumns columns,
      long firstNumber,
      long journalTimeMillis,
      BitSet duplicates) {
    if (rate == 0) {
      return;
    }
    long number = firstNumber;
    int keyStart = columns.keys.start();
    for (int row = 0; row < columns.rows(); row++) {
      int keyLength = columns.keyLengths.get(row);
      boolean counts = !duplicates.get(row);
      if (counts && isSampled(number, rate)) {
        keep(
            Event.newBuilder()
                .setKind(EventKind.EVENT_KIND_HIT_RECORDED)
                .setRangeId(rangeId)
                .setNumber(number)
                .setJournalTimeMillis(journalTimeMillis)
                .setNamespace(columns.namespace())
                .setMetric(columns.metric(columns.metricIndex(row)))
                .setKey(columns.copy(keyStart, keyLength))
                .setHitRecorded(hit(accepted, columns, row))
                .build());
      }
      keyStart += keyLength;
      number += counts ? columns.repeats.get(row, 1) : 0;
    }
  }

  private static HitRecorded hit(AcceptedBatch accepted, BatchColumns columns, int row) {
    return HitRecorded.newBuilder()
        .setDelta(columns.amount(row))
        .setEventTimeMillis(columns.baseTimeMillis(accepted) + columns.timeOffsetMillis(row))
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
