package org.tallyring.benchmarks.engine;

import com.google.protobuf.ByteString;
import java.util.List;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.AcceptedBatches;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.shardserver.engine.PublishedRanking;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.SnapshotCut;

/** One range's engine, which holds all keys. */
final class TallyringContender implements Contender {

  private static final int CHUNK_BYTES = 1 << 20;

  private final RangeEngine engine = new RangeEngine(0);

  @Override
  public String name() {
    return "tallyring";
  }

  @Override
  public void apply(byte[] batch, long timeMillis) {
    engine.apply(
        JournalEntry.newBuilder()
            .setBatches(
                AcceptedBatches.newBuilder()
                    .addBatches(
                        AcceptedBatch.newBuilder()
                            .setNamespaceUid(1)
                            .setAcceptedAtMillis(timeMillis)
                            .setBatch(ByteString.copyFrom(batch))))
            .build());
  }

  @Override
  public long rank(long timeMillis) {
    List<PublishedRanking> rankings = engine.publish(timeMillis, K).rankings();
    return rankings.get(rankings.size() - 1).ranking().count(0);
  }

  @Override
  public Runnable snapshot() {
    SnapshotCut cut = engine.cut(CHUNK_BYTES);
    return cut::write;
  }
}
