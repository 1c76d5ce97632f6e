package org.tallyring.benchmarks.engine;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A stream of increments as batches in the bytes of the wire: Zipf(1.0) over keys of 16 hexadecimal
 * digits. What is hot has nothing to do with the order in which keys are first counted, so hot keys
 * lie far apart in memory.
 *
 * <p>A batch has a row for each key and says how many increments of it there are, as the client
 * library makes it; or a row for each increment, as a client may who does not.
 */
final class KeyStream {

  private static final int INCREMENTS = 1_000;

  private final int keys;
  private final boolean combined;
  private final byte[][] batches;
  private long rows;

  /**
   * A stream of {@code batches} batches, the same for the same seed.
   *
   * @param combined whether increments of one key in a batch are one row
   */
  KeyStream(int keys, int batches, boolean combined, long seed) {
    this.keys = keys;
    this.combined = combined;
    this.batches = new byte[batches][];
    Random random = new Random(seed);
    ZipfKeys zipf = new ZipfKeys(keys, 1.0);
    int[] ranks = new int[INCREMENTS];
    for (int i = 0; i < batches; i++) {
      for (int j = 0; j < INCREMENTS; j++) {
        ranks[j] = zipf.choose(random);
      }
      this.batches[i] = batch(ranks);
    }
  }

  /** How many increments a batch has. */
  static int increments() {
    return INCREMENTS;
  }

  /** How many rows a batch has on average. */
  double rows() {
    return (double) rows / batches.length;
  }

  /** A batch of the stream, which begins again at its end. */
  byte[] batch(long number) {
    return batches[(int) (number % batches.length)];
  }

  /** How many batches hold every key once. */
  int batchesOfAllKeys() {
    return (keys + INCREMENTS - 1) / INCREMENTS;
  }

  /** One of the batches that hold every key once, in an order that has nothing to do with rank. */
  byte[] batchOfAllKeys(int number) {
    int[] ranks = new int[Math.min(INCREMENTS, keys - number * INCREMENTS)];
    // A step that shares no factor with the number of keys visits each of them once.
    long step = stepThroughKeys();
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = (int) (((long) number * INCREMENTS + i) * step % keys);
    }
    return encode(ranks, new int[0]);
  }

  private long stepThroughKeys() {
    long step = (long) (keys * 0.618) | 1;
    while (greatestCommonDivisor(step, keys) != 1) {
      step += 2;
    }
    return step;
  }

  private static long greatestCommonDivisor(long one, long other) {
    return other == 0 ? one : greatestCommonDivisor(other, one % other);
  }

  private byte[] batch(int[] ranks) {
    if (!combined) {
      rows += ranks.length;
      return encode(ranks, new int[0]);
    }
    Map<Integer, Integer> repeats = new LinkedHashMap<>();
    for (int rank : ranks) {
      repeats.merge(rank, 1, Integer::sum);
    }
    rows += repeats.size();
    return encode(
        repeats.keySet().stream().mapToInt(Integer::intValue).toArray(),
        repeats.values().stream().mapToInt(Integer::intValue).toArray());
  }

  private static byte[] encode(int[] ranks, int[] repeats) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("default").addMetrics("clicks").setSequence(1);
    StringBuilder keys = new StringBuilder();
    for (int rank : ranks) {
      String key = ZipfKeys.key(rank);
      keys.append(key);
      batch.addKeyLengths(key.length());
    }
    for (int times : repeats) {
      batch.addRepeats(times);
    }
    return batch
        .setKeys(ByteString.copyFrom(keys.toString(), StandardCharsets.US_ASCII))
        .build()
        .toByteArray();
  }
}
