package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.SnapshotEventIds;
import org.tallyring.proto.internal.v1.SnapshotPiece;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** Event ids as the engine sees them: in batches, in snapshots, beside overflow and late events. */
class EventIdsInRangeTest {

  private static final int RANGE = 3;
  private static final long HOUR = 3_600_000;
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);

  private RangeEngine engine = new RangeEngine(RANGE);

  private long count(String key) {
    return engine.count(Batches.UID, Batches.METRIC, ALL, Batches.bytes(key));
  }

  private int[] apply(Batches batch) {
    engine.apply(batch.entry());
    return engine.duplicateRows(0);
  }

  private int[] overflowingRows(AcceptedBatch batch) {
    return engine.overflowingRows(batch, Batches.columns(batch));
  }

  @Test
  void anEventIdCountsOnceForItsKeyAndNamespace() {
    assertThat(apply(Batches.batch().row("a", 1).eventId("x"))).isEmpty();
    assertThat(apply(Batches.batch().row("a", 1).eventId("x").row("b", 1).eventId("x")))
        .containsExactly(0);
    assertThat(apply(Batches.batch().namespace(9, "other").row("a", 1).eventId("x"))).isEmpty();
    assertThat(count("a")).isEqualTo(1);
    assertThat(count("b")).isEqualTo(1);
    assertThat(engine.increments()).isEqualTo(3);
  }

  @Test
  void repeatsWithinABatchCountOnceAndAreTold() {
    assertThat(
            apply(
                Batches.batch()
                    .row("a", 5)
                    .eventId("x")
                    .row("a", 7)
                    .row("a", 5)
                    .eventId("x")
                    .row("b", 1)
                    .row("a", 5)
                    .eventId("x")))
        .containsExactly(2, 4);
    assertThat(count("a")).isEqualTo(12);
    assertThat(count("b")).isEqualTo(1);
  }

  @Test
  void eachBatchOfAnEntryHasItsOwnDuplicateRows() {
    engine.apply(
        Batches.entry(
            Batches.batch().row("a", 1).eventId("x").accepted(),
            Batches.batch().row("b", 1).row("a", 1).eventId("x").accepted(),
            Batches.batch().row("c", 1).accepted()));
    assertThat(engine.duplicateRows(0)).isEmpty();
    assertThat(engine.duplicateRows(1)).containsExactly(1);
    assertThat(engine.duplicateRows(2)).isEmpty();
  }

  @Test
  void aRepeatAcrossBlocksOfALargeBatchIsFound() {
    Batches batch = Batches.batch();
    for (int row = 0; row < 3 * RowBlock.CAPACITY; row++) {
      batch.row("key-" + row % 700, 1).eventId("e" + row % 700);
    }
    assertThat(apply(batch)).hasSize(3 * RowBlock.CAPACITY - 700).startsWith(700).endsWith(1535);
    assertThat(engine.increments()).isEqualTo(700);
    assertThat(count("key-699")).isEqualTo(1);
  }

  @Test
  void aRepeatCorrectsNoWindowAndMovesNoWatermark() {
    long late = Batches.NOON - 2 * HOUR;
    apply(Batches.batch().row(Batches.METRIC, "a", 1, late).eventId("x"));
    Interval hour = Interval.window(WindowLevel.HOUR, WindowLevel.HOUR.start(late));
    assertThat(engine.revision(Batches.UID, Batches.METRIC, hour)).isEqualTo(1);
    assertThat(apply(Batches.batch().row(Batches.METRIC, "a", 1, late).eventId("x")))
        .containsExactly(0);
    assertThat(engine.revision(Batches.UID, Batches.METRIC, hour)).isEqualTo(1);
    assertThat(engine.watermarkMillis(Batches.UID)).isEqualTo(late);
  }

  @Test
  void whatContradictsIsAnotherMetricDeltaOrTime() {
    apply(Batches.batch().row("a", 1).eventId("x"));
    assertThat(contradicts(Batches.batch().row("a", 1).eventId("x"))).isFalse();
    assertThat(contradicts(Batches.batch().row("a", 2).eventId("x"))).isTrue();
    assertThat(contradicts(Batches.batch().row("views", "a", 1, Batches.NOON).eventId("x")))
        .isTrue();
    assertThat(
            contradicts(Batches.batch().row(Batches.METRIC, "a", 1, Batches.NOON + 1).eventId("x")))
        .isTrue();
    assertThat(contradicts(Batches.batch().row("b", 2).eventId("x"))).isFalse();
    assertThat(contradicts(Batches.batch().row("a", 2).eventId("y"))).isFalse();
  }

  private boolean contradicts(Batches batch) {
    AcceptedBatch accepted = batch.accepted();
    return engine.contradicts(
        Batches.UID,
        IdentifiedRow.of(Batches.columns(accepted)).get(0),
        accepted.getAcceptedAtMillis());
  }

  @Test
  void anIncrementWithoutATimeIsTheSameWheneverItIsAccepted() {
    apply(Batches.batch().untimed().row(Batches.METRIC, "a", 1, 0).eventId("x"));
    Batches again =
        Batches.batch()
            .acceptedAt(Batches.NOON + 5_000)
            .untimed()
            .row(Batches.METRIC, "a", 1, 0)
            .eventId("x");
    assertThat(contradicts(again)).isFalse();
    assertThat(apply(again)).containsExactly(0);
    Batches timed = Batches.batch().row(Batches.METRIC, "a", 1, Batches.NOON).eventId("x");
    assertThat(contradicts(timed)).isTrue();
  }

  @Test
  void anIdIsForgottenAfterTheHorizonOfJournalTime() {
    apply(Batches.batch().row("a", 1).eventId("x"));
    Batches within = Batches.batch().acceptedAt(Batches.NOON + HOUR).row("a", 2).eventId("x");
    assertThat(contradicts(within)).isTrue();
    assertThat(apply(Batches.batch().acceptedAt(Batches.NOON + HOUR).row("a", 1).eventId("x")))
        .containsExactly(0);
    Batches after =
        Batches.batch().acceptedAt(Batches.NOON + HOUR + 16_000).row("a", 2).eventId("x");
    assertThat(contradicts(after)).isFalse();
    assertThat(apply(after)).isEmpty();
    assertThat(count("a")).isEqualTo(3);
  }

  @Test
  void aRepeatOfAHugeDeltaOverflowsNothing() {
    long huge = Long.MAX_VALUE - 10;
    apply(Batches.batch().row("a", huge).eventId("x"));
    assertThat(engine.couldOverflow(huge)).isTrue();
    assertThat(
            overflowingRows(
                Batches.batch()
                    .row("a", huge)
                    .eventId("x")
                    .row("a", huge)
                    .eventId("y")
                    .row("a", 10)
                    .eventId("z")
                    .row("a", 10)
                    .eventId("z")
                    .row("a", 1)
                    .accepted()))
        .containsExactly(1, 4);
  }

  @Property(tries = 30)
  void countsEqualAMapOfEventsBeforeAndAfterSnapshots(@ForAll long seed) {
    engine = new RangeEngine(RANGE);
    Random random = new Random(seed);
    Map<String, Long> counts = new HashMap<>();
    Map<String, Long> acceptedAt = new HashMap<>();
    RangeEngine straight = new RangeEngine(RANGE);
    long now = Batches.NOON;
    for (int i = 0; i < 40; i++) {
      // Ages stay away from the horizon itself by more than it may be exceeded.
      now += random.nextInt(8) == 0 ? 2 * HOUR : 10_000;
      Batches batch = Batches.batch().acceptedAt(now);
      int rows = 1 + random.nextInt(random.nextInt(5) == 0 ? 1_500 : 20);
      for (int row = 0; row < rows; row++) {
        String key = "key-" + random.nextInt(20);
        batch.row(key, 1);
        Long seen = null;
        if (random.nextBoolean()) {
          String id = "e" + random.nextInt(300);
          batch.eventId(id);
          seen = acceptedAt.get(key + "/" + id);
          if (seen == null || now - seen > HOUR) {
            seen = null;
            acceptedAt.put(key + "/" + id, now);
          }
        }
        if (seen == null) {
          counts.merge(key, 1L, Long::sum);
        }
      }
      straight.apply(batch.entry());
      engine.apply(batch.entry());
      if (random.nextInt(6) == 0) {
        engine = RangeEngine.restore(RANGE, engine.snapshot(4096 << random.nextInt(6)));
      }
    }
    counts.forEach((key, count) -> assertThat(count(key)).as(key).isEqualTo(count));
    assertThat(engine.increments())
        .isEqualTo(counts.values().stream().mapToLong(Long::longValue).sum());
    assertThat(engine.snapshot(9_000)).containsExactlyElementsOf(straight.snapshot(9_000));
  }

  @Test
  void damagedEventIdsOfASnapshotAreRefused() throws IOException {
    apply(Batches.batch().row("a", 1).eventId("x").row("a", 1).eventId("yy"));
    assertRefused(ids -> ids.setIdLengths(0, 17), "the snapshot's event ids are cut off");
    assertRefused(ids -> ids.setIdLengths(0, 0), "the snapshot's event ids are cut off");
    assertRefused(ids -> ids.setIdLengths(0, -1), "the snapshot's event ids are cut off");
    assertRefused(
        ids -> ids.setIds(ByteString.copyFromUtf8("xyyz")), "snapshot ids: 3 (expected: 4)");
    assertRefused(ids -> ids.setSlots(0, 1), "the snapshot has event ids of an unknown key");
    assertRefused(ids -> ids.setSlots(0, -1), "the snapshot has event ids of an unknown key");
    assertRefused(ids -> ids.setAcceptedAt(0, 1), "the snapshot has an event id that is forgotten");
    assertRefused(
        ids -> ids.setForgottenBefore(-1),
        "the snapshot has a moment of forgetting that cannot be");
    assertRefused(ids -> ids.clearPayloads(), "snapshot payloads: 0 (expected: 2)");
    assertRefused(
        ids -> ids.setIds(ByteString.copyFromUtf8("xx")).setIdLengths(0, 1).setIdLengths(1, 1),
        "the snapshot has an event id twice");
  }

  private void assertRefused(Consumer<SnapshotEventIds.Builder> damage, String message)
      throws IOException {
    List<byte[]> damaged = new ArrayList<>();
    for (byte[] chunk : engine.snapshot(4096)) {
      ByteArrayInputStream in = new ByteArrayInputStream(chunk);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      SnapshotPiece piece = SnapshotPiece.parseDelimitedFrom(in);
      while (piece != null) {
        SnapshotPiece.Builder changed = piece.toBuilder();
        if (changed.hasEventIds()) {
          damage.accept(changed.getEventIdsBuilder());
        }
        changed.build().writeDelimitedTo(out);
        piece = SnapshotPiece.parseDelimitedFrom(in);
      }
      damaged.add(out.toByteArray());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RangeEngine.restore(RANGE, damaged))
        .withMessage(message);
  }

  @Test
  void aBatchWithoutIdsHasNoIdentifiedRows() {
    assertThat(IdentifiedRow.of(new BatchColumns())).isEmpty();
    assertThat(
            IdentifiedRow.of(
                Batches.columns(Batches.batch().row("a", 1).row("bb", 1).eventId("x").accepted())))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.row()).isEqualTo(1);
              assertThat(row.key().toStringUtf8()).isEqualTo("bb");
              assertThat(row.id().bytes().toStringUtf8()).isEqualTo("x");
            });
  }
}
