package org.tallyring.benchmarks.engine;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.tallyring.proto.v1.RecordBatch;

/**
 * What one writes first: a {@code HashMap<String, long[]>} with one count per window, and a scan of
 * it with a bounded heap for each window's ranking. It has no late events, no retention and no
 * minutes; its windows never turn.
 */
final class HashMapContender implements Contender {

  private static final int WINDOWS = 4;

  private final Map<String, long[]> counts = new HashMap<>();

  private record Ranked(String key, long count) {}

  @Override
  public String name() {
    return "HashMap";
  }

  @Override
  public void apply(byte[] bytes, long timeMillis) throws InvalidProtocolBufferException {
    RecordBatch batch = RecordBatch.parseFrom(bytes);
    ByteString keys = batch.getKeys();
    int at = 0;
    for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
      int end = at + batch.getKeyLengths(row);
      long[] windows =
          counts.computeIfAbsent(
              keys.substring(at, end).toStringUtf8(), absent -> new long[WINDOWS]);
      long delta = batch.getDeltasCount() == 0 ? 1 : batch.getDeltas(row);
      if (batch.getRepeatsCount() > 0) {
        delta *= batch.getRepeats(row);
      }
      for (int window = 0; window < WINDOWS; window++) {
        windows[window] += delta;
      }
      at = end;
    }
  }

  @Override
  public long rank(long timeMillis) {
    long highest = 0;
    for (int window = 0; window < WINDOWS; window++) {
      highest = 0;
      PriorityQueue<Ranked> best = new PriorityQueue<>(HashMapContender::compare);
      for (Map.Entry<String, long[]> entry : counts.entrySet()) {
        long count = entry.getValue()[window];
        if (best.size() < K || count > best.element().count()) {
          best.add(new Ranked(entry.getKey(), count));
          if (best.size() > K) {
            best.remove();
          }
        }
        highest = Math.max(highest, count);
      }
    }
    return highest;
  }

  private static int compare(Ranked one, Ranked other) {
    int byCount = Long.compare(one.count, other.count);
    return byCount != 0 ? byCount : other.key.compareTo(one.key);
  }

  @Override
  public Runnable snapshot() {
    return () -> {};
  }
}
