package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.engine.Batches.METRIC;
import static org.tallyring.shardserver.engine.Batches.NAMESPACE;
import static org.tallyring.shardserver.engine.Batches.NOON;
import static org.tallyring.shardserver.engine.Batches.batch;
import static org.tallyring.shardserver.engine.Batches.session;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.topology.window.WindowLevel;

/** A snapshot beside the state that a replay gave: equal, or what differs is named. */
class StateComparisonTest {

  private static final int RANGE = 3;
  private static final int CHUNK = 1 << 20;
  private static final int MOST = 20;

  private static StateDifferences differences(RangeEngine stored, RangeEngine replayed) {
    return replayed.differencesOf(stored.snapshot(CHUNK), CHUNK, MOST);
  }

  @Property(tries = 50)
  void equalHistoriesDoNotDifferWhateverTheChunks(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    RangeEngine stored = new RangeEngine(RANGE);
    RangeEngine replayed = new RangeEngine(RANGE);
    for (int i = 0; i < 40; i++) {
      JournalEntry entry = history.next();
      stored.apply(entry);
      replayed.apply(entry);
      if (history.random.nextInt(10) == 0) {
        stored = RangeEngine.restore(RANGE, stored.snapshot(8192));
      }
    }

    assertThat(differences(stored, replayed)).isEqualTo(StateDifferences.NONE);
    assertThat(replayed.differencesOf(stored.snapshot(4096), 1 << 18, MOST))
        .isEqualTo(StateDifferences.NONE);
  }

  /** Whatever piece is changed or lost, something is named; a changed count exactly. */
  @Property(tries = 50)
  void anyOneCountThatIsChangedIsNamedAndNothingElse(@ForAll long seed) {
    Random random = new Random(seed);
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 30; i++) {
      engine.apply(
          batch()
              .row("key-" + random.nextInt(9), 1 + random.nextInt(5))
              .row("views", "key-" + i, 2, NOON - random.nextInt(100) * 600_000L)
              .entry());
    }
    List<byte[]> chunks = engine.snapshot(CHUNK);
    assertThat(chunks).hasSize(1);
    List<SnapshotPiece> pieces = TamperedSnapshot.pieces(chunks.get(0));
    List<SnapshotPiece> buckets = pieces.stream().filter(SnapshotPiece::hasBucket).toList();
    SnapshotPiece chosen = buckets.get(random.nextInt(buckets.size()));
    int at = random.nextInt(chosen.getBucket().getCountsCount());
    long count = chosen.getBucket().getCounts(at);
    SnapshotPiece.Builder changed = chosen.toBuilder();
    changed.getBucketBuilder().setCounts(at, count + 3);

    StateDifferences found =
        engine.differencesOf(
            List.of(
                TamperedSnapshot.change(
                    chunks.get(0), piece -> piece.equals(chosen) ? changed.build() : piece)),
            CHUNK,
            MOST);

    assertThat(found.count()).isOne();
    StateDifference difference = found.first().get(0);
    assertThat(difference.what()).isEqualTo("count");
    assertThat(difference.startMillis()).isEqualTo(chosen.getBucket().getStartMillis());
    assertThat(difference.stored()).isEqualTo(count + 3);
    assertThat(difference.replayed()).isEqualTo(count);
  }

  @Property(tries = 30)
  void noPieceOfASnapshotIsLostUnseen(@ForAll long seed) {
    ModelHistory history = new ModelHistory(seed);
    RangeEngine engine = new RangeEngine(RANGE);
    for (int i = 0; i < 40; i++) {
      engine.apply(history.next());
    }
    List<byte[]> chunks = engine.snapshot(CHUNK);
    byte[] chunk = chunks.get(0);
    List<SnapshotPiece> pieces = TamperedSnapshot.pieces(chunk);
    for (int i = 0; i < 8; i++) {
      SnapshotPiece lost = pieces.get(history.random.nextInt(pieces.size()));
      List<byte[]> rest = new ArrayList<>(chunks);
      rest.set(
          0,
          TamperedSnapshot.change(
              chunk, piece -> piece.equals(lost) ? SnapshotPiece.getDefaultInstance() : piece));
      StateDifferences found;
      try {
        found = engine.differencesOf(rest, CHUNK, MOST);
      } catch (IllegalArgumentException unreadable) {
        continue;
      }
      assertThat(found.count()).as("%s", lost.getContentCase()).isPositive();
      assertThat(found.first()).isNotEmpty();
    }
  }

  @Test
  void keysThatOneSideLacksAreNamed() {
    RangeEngine stored = new RangeEngine(RANGE);
    RangeEngine replayed = new RangeEngine(RANGE);
    stored.apply(batch().row("both", 1).row("stored", 2).entry());
    replayed.apply(batch().row("replayed", 5).row("both", 1).entry());

    assertThat(differences(stored, replayed).first())
        .contains(
            count("stored", WindowLevel.ALL, 0, 2, 0), count("replayed", WindowLevel.ALL, 0, 0, 5))
        .noneMatch(difference -> difference.key().equals(ByteString.copyFromUtf8("both")))
        .anyMatch(difference -> difference.what().equals("key") && difference.replayed() == 1);
  }

  private static StateDifference count(
      String key, WindowLevel level, long start, long stored, long replayed) {
    return new StateDifference(
        "count", NAMESPACE, METRIC, ByteString.copyFromUtf8(key), level, start, stored, replayed);
  }

  @Test
  void aForgottenSessionIsNamed() {
    RangeEngine replayed = new RangeEngine(RANGE);
    replayed.apply(batch().session(session(1), 1).row("x", 1).entry());
    List<byte[]> forgetful = new ArrayList<>();
    for (byte[] chunk : replayed.snapshot(CHUNK)) {
      forgetful.add(
          TamperedSnapshot.change(
              chunk, piece -> piece.hasSessions() ? SnapshotPiece.getDefaultInstance() : piece));
    }

    StateDifferences found = replayed.differencesOf(forgetful, CHUNK, MOST);

    assertThat(found.first())
        .containsExactly(new StateDifference("session", "", "", session(1), null, 0, 0, 1));
  }

  @Test
  void onlySoManyAreNamedButAllAreCounted() {
    RangeEngine stored = new RangeEngine(RANGE);
    for (int i = 0; i < 100; i++) {
      stored.apply(batch().row("key-" + i, 1).entry());
    }

    RangeEngine replayed = new RangeEngine(RANGE);
    replayed.apply(batch().row("key-0", 1).entry());
    StateDifferences found = replayed.differencesOf(stored.snapshot(CHUNK), CHUNK, 7);

    assertThat(found.first()).hasSize(7);
    // Each key that is missing, and its count of a minute, hour, day, month and all time.
    assertThat(found.count()).isGreaterThan(99 * 6);
  }
}
