package org.tallyring.benchmarks.engine;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.proto.v1.RecordBatch;

/**
 * A stream of increments as batches in the bytes of the wire: Zipf(1.0) over keys of 16 hexadecimal
 * digits. What is hot has nothing to do with the order in which keys are first counted, so hot keys
 * lie far apart in memory.
 */
final class KeyStream {

  private static final int ROWS = 1_000;

  private final int keys;
  private final byte[][] batches;

  /** A stream of {@code batches} batches, the same for the same seed. */
  KeyStream(int keys, int batches, long seed) {
    this.keys = keys;
    this.batches = new byte[batches][];
    Random random = new Random(seed);
    ZipfKeys zipf = new ZipfKeys(keys, 1.0);
    int[] ranks = new int[ROWS];
    for (int i = 0; i < batches; i++) {
      for (int row = 0; row < ROWS; row++) {
        ranks[row] = zipf.choose(random);
      }
      this.batches[i] = batch(ranks);
    }
  }

  /** How many increments a batch has. */
  static int rows() {
    return ROWS;
  }

  /** A batch of the stream, which begins again at its end. */
  byte[] batch(long number) {
    return batches[(int) (number % batches.length)];
  }

  /** How many batches hold every key once. */
  int batchesOfAllKeys() {
    return (keys + ROWS - 1) / ROWS;
  }

  /** One of the batches that hold every key once, in an order that has nothing to do with rank. */
  byte[] batchOfAllKeys(int number) {
    int[] ranks = new int[Math.min(ROWS, keys - number * ROWS)];
    // A step that shares no factor with the number of keys visits each of them once.
    long step = stepThroughKeys();
    for (int i = 0; i < ranks.length; i++) {
      ranks[i] = (int) (((long) number * ROWS + i) * step % keys);
    }
    return batch(ranks);
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

  private static byte[] batch(int[] ranks) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("default").addMetrics("clicks").setSequence(1);
    StringBuilder keys = new StringBuilder();
    for (int rank : ranks) {
      String key = ZipfKeys.key(rank);
      keys.append(key);
      batch.addKeyLengths(key.length());
    }
    return batch
        .setKeys(ByteString.copyFrom(keys.toString(), StandardCharsets.US_ASCII))
        .build()
        .toByteArray();
  }
}
