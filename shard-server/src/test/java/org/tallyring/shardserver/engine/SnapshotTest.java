package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.session;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.SnapshotBucket;
import org.tallyring.proto.internal.v1.SnapshotHead;
import org.tallyring.proto.internal.v1.SnapshotKeys;
import org.tallyring.proto.internal.v1.SnapshotNamespace;
import org.tallyring.proto.internal.v1.SnapshotPiece;

class SnapshotTest {

  private static final int RANGE = 5;

  private static RangeEngine filled() {
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 300; i++) {
      engine.apply(
          batch()
              .session(session(i), 1)
              .row("key-" + i, i + 1)
              .row("views", "a", i, NOON - i * 3_600_000L)
              .entry());
    }
    engine.apply(Batches.deletion(99));
    return engine;
  }

  private static byte[] chunk(SnapshotPiece... pieces) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (SnapshotPiece piece : pieces) {
      piece.writeDelimitedTo(out);
    }
    return out.toByteArray();
  }

  private static SnapshotPiece head() {
    return SnapshotPiece.newBuilder()
        .setHead(SnapshotHead.newBuilder().setFormat(1).setRangeId(RANGE))
        .build();
  }

  private static SnapshotPiece namespace(String... metrics) {
    SnapshotNamespace.Builder namespace = SnapshotNamespace.newBuilder().setUid(1).setName("ns");
    for (String metric : metrics) {
      namespace.addMetrics(metric).addLateCorrections(0).addLateIncrements(0).addBeyondRetention(0);
    }
    namespace.addKeptFromMillis(0).addKeptFromMillis(0).addKeptFromMillis(0);
    return SnapshotPiece.newBuilder().setNamespace(namespace).build();
  }

  private static SnapshotPiece keys(String keys, int... lengths) {
    SnapshotKeys.Builder piece = SnapshotKeys.newBuilder().setKeys(ByteString.copyFromUtf8(keys));
    Arrays.stream(lengths).forEach(piece::addKeyLengths);
    return SnapshotPiece.newBuilder().setKeys(piece).build();
  }

  private static SnapshotPiece bucket(int metric, int window, int slot) {
    return SnapshotPiece.newBuilder()
        .setBucket(
            SnapshotBucket.newBuilder()
                .setMetricIndex(metric)
                .setWindow(window)
                .addSlots(slot)
                .addCounts(1))
        .build();
  }

  /** Counts of an hour; the namespace keeps those of 1970 and later. */
  private static SnapshotPiece hour(long startMillis) {
    SnapshotBucket.Builder bucket = bucket(0, 1, 0).getBucket().toBuilder();
    return SnapshotPiece.newBuilder().setBucket(bucket.setStartMillis(startMillis)).build();
  }

  private static void assertRefused(String text, SnapshotPiece... pieces) throws IOException {
    byte[] chunk = chunk(pieces);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RangeEngine.restore(RANGE, List.of(chunk)))
        .withMessageContaining(text);
  }

  @Test
  void smallChunksHoldTheSameState() {
    RangeEngine engine = filled();
    List<byte[]> small = engine.snapshot(SnapshotWriter.MIN_CHUNK_BYTES);
    List<byte[]> large = engine.snapshot(1 << 20);

    assertThat(small).hasSizeGreaterThan(3);
    assertThat(small)
        .allSatisfy(
            chunk -> assertThat(chunk.length).isLessThanOrEqualTo(SnapshotWriter.MIN_CHUNK_BYTES));
    assertThat(large).hasSize(1);
    assertThat(RangeEngine.restore(RANGE, small).snapshot(1 << 20))
        .containsExactlyElementsOf(large);
  }

  @Test
  void anEmptyStateHasASnapshot() {
    List<byte[]> chunks = new RangeEngine(RANGE).snapshot(4096);

    assertThat(RangeEngine.restore(RANGE, chunks).keys()).isZero();
  }

  @Test
  void aTooSmallChunkIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filled().snapshot(100))
        .withMessage("maxChunkBytes: 100 (expected: at least 4096)");
  }

  @Test
  void anotherRangesSnapshotIsRefused() {
    List<byte[]> chunks = filled().snapshot(1 << 20);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> RangeEngine.restore(RANGE + 1, chunks))
        .withMessage("snapshot rangeId: 5 (expected: 6)");
  }

  @Test
  void anotherLayoutIsRefused() throws IOException {
    SnapshotPiece head =
        SnapshotPiece.newBuilder()
            .setHead(SnapshotHead.newBuilder().setFormat(2).setRangeId(RANGE))
            .build();

    assertRefused("snapshot format: 2 (expected: 1)", head);
  }

  @Test
  void piecesThatDoNotFitTogetherAreRefused() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RangeEngine.restore(RANGE, List.of()))
        .withMessageContaining("no head");
    assertRefused("head", namespace());
    assertRefused("head", head(), head());
    assertRefused("kind", head(), SnapshotPiece.getDefaultInstance());
    assertRefused("before any namespace", head(), keys("a", 1));
    assertRefused("namespace twice", head(), namespace(), namespace());
    assertRefused("distinct metrics", head(), namespace("a", "a"));
    assertRefused("cut off", head(), namespace(), keys("a", 2));
    assertRefused("cut off", head(), namespace(), keys("a", -1));
    assertRefused("keys: 1", head(), namespace(), keys("ab", 1));
    assertRefused("key twice", head(), namespace(), keys("aa", 1, 1));
    assertRefused("unknown metric", head(), namespace("a"), keys("k", 1), bucket(1, 1, 0));
    assertRefused("unknown key", head(), namespace("a"), keys("k", 1), bucket(0, 1, 1));
    assertRefused("unknown key", head(), namespace("a"), keys("k", 1), bucket(0, 1, -1));
    assertRefused("keeps", head(), namespace("a"), keys("k", 1), hour(-3_600_000L));
    assertRefused("there is not", head(), namespace("a"), keys("k", 1), hour(1));
    assertRefused("there is not", head(), namespace("a"), keys("k", 1), hour(1L << 62));
    assertRefused("window: 6", head(), namespace("a"), keys("k", 1), bucket(0, 6, 0));
  }

  /** The journal's checksum finds damage first; this is about what gets past it. */
  @Property(tries = 300)
  void damageNeverEscapesAsAnotherException(@ForAll long seed) {
    Random random = new Random(seed);
    List<byte[]> chunks = new ArrayList<>(filled().snapshot(8192));
    byte[] damaged = chunks.get(random.nextInt(chunks.size()));
    if (random.nextBoolean()) {
      chunks.set(chunks.indexOf(damaged), Arrays.copyOf(damaged, random.nextInt(damaged.length)));
    } else {
      for (int i = random.nextInt(4); i >= 0; i--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
    }
    try {
      assertThat(RangeEngine.restore(RANGE, chunks).keys()).isNotNegative();
    } catch (IllegalArgumentException refused) {
      assertThat(refused).hasMessageContaining("");
    }
  }
}
