package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.journal.JournalLayout.KEEP_NOTHING;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SnapshotReference;

final class JournalLayoutTest {

  private static RangeRecord segments(long firstNumber, long... ledgerIds) {
    RangeRecord.Builder range = RangeRecord.newBuilder();
    long number = firstNumber;
    for (long ledgerId : ledgerIds) {
      range.addSegments(JournalSegment.newBuilder().setNumber(number++).setLedgerId(ledgerId));
    }
    return range.build();
  }

  private static SnapshotReference snapshot(long ledgerId, long segment, long entry) {
    return SnapshotReference.newBuilder()
        .setLedgerId(ledgerId)
        .setSegment(segment)
        .setEntry(entry)
        .build();
  }

  private static List<Long> ledgersOf(RangeRecord range) {
    return range.getSegmentsList().stream().map(JournalSegment::getLedgerId).toList();
  }

  @Test
  void theFirstSegmentEverIsNumberOneAlsoInLedgerZero() {
    RangeRecord range = JournalLayout.withSegment(RangeRecord.getDefaultInstance(), 0, 0);

    assertThat(range).isEqualTo(segments(1, 0));
    assertThat(JournalLayout.withSegment(range, 0, 0)).isEqualTo(range);
    assertThat(JournalLayout.segmentNumber(range, 0)).isEqualTo(1);
  }

  @Test
  void segmentsGoOnAfterASnapshotWithoutSegments() {
    RangeRecord range = RangeRecord.newBuilder().setSnapshot(snapshot(9, 4, 7)).build();

    assertThat(JournalLayout.withSegment(range, 10, 0).getSegments(0).getNumber()).isEqualTo(5);
  }

  @Test
  void theFirstSnapshotDropsNothing() {
    RangeRecord range =
        JournalLayout.withSnapshot(segments(1, 10, 11, 12), snapshot(20, 3, 5), KEEP_NOTHING);

    assertThat(ledgersOf(range)).containsExactly(10L, 11L, 12L);
    assertThat(range.getGarbageLedgerIdsList()).isEmpty();
  }

  @Test
  void theNextSnapshotDropsWhatEndsBeforeThePreviousOne() {
    RangeRecord first =
        JournalLayout.withSnapshot(segments(1, 10, 11, 12), snapshot(20, 3, 5), KEEP_NOTHING);
    RangeRecord second = JournalLayout.withSnapshot(first, snapshot(21, 3, 9), KEEP_NOTHING);
    RangeRecord third = JournalLayout.withSnapshot(second, snapshot(22, 3, 11), KEEP_NOTHING);

    assertThat(ledgersOf(second)).containsExactly(12L);
    assertThat(second.getGarbageLedgerIdsList()).containsExactly(10L, 11L);
    assertThat(second.getPreviousSnapshot().getLedgerId()).isEqualTo(20);
    assertThat(third.getGarbageLedgerIdsList()).containsExactly(10L, 11L, 20L);
    assertThat(JournalLayout.withSnapshot(third, snapshot(22, 3, 11), KEEP_NOTHING))
        .isEqualTo(third);
  }

  private static RangeRecord begunAt(long... moments) {
    RangeRecord range = RangeRecord.getDefaultInstance();
    for (int i = 0; i < moments.length; i++) {
      range = JournalLayout.withSegment(range, 10 + i, moments[i]);
    }
    return range;
  }

  @Test
  void segmentsThatEndedNotLongAgoAreKeptWithAllAfterThem() {
    RangeRecord first =
        JournalLayout.withSnapshot(
            begunAt(100, 200, 300, 250, 400), snapshot(20, 5, 5), KEEP_NOTHING);

    assertThat(ledgersOf(JournalLayout.withSnapshot(first, snapshot(21, 5, 9), 199)))
        .containsExactly(10L, 11L, 12L, 13L, 14L);
    assertThat(ledgersOf(JournalLayout.withSnapshot(first, snapshot(21, 5, 9), 200)))
        .containsExactly(11L, 12L, 13L, 14L);
    // The clock was set back between two segments.
    assertThat(ledgersOf(JournalLayout.withSnapshot(first, snapshot(21, 5, 9), 260)))
        .containsExactly(11L, 12L, 13L, 14L);
    assertThat(ledgersOf(JournalLayout.withSnapshot(first, snapshot(21, 5, 9), 1_000)))
        .containsExactly(14L);
  }

  @Test
  void anUnreadableSnapshotMakesRoomForTheOneBefore() {
    SnapshotReference old = snapshot(20, 2, 5);
    RangeRecord range =
        segments(2, 11, 12).toBuilder()
            .setPreviousSnapshot(old)
            .setSnapshot(snapshot(21, 3, 1))
            .build();
    RangeRecord repaired = JournalLayout.withoutUnreadableSnapshots(range, Optional.of(old));

    assertThat(repaired.getSnapshot()).isEqualTo(old);
    assertThat(repaired.hasPreviousSnapshot()).isFalse();
    assertThat(repaired.getGarbageLedgerIdsList()).containsExactly(21L);
    assertThat(JournalLayout.withoutUnreadableSnapshots(repaired, Optional.of(old)))
        .isEqualTo(repaired);
  }

  @Test
  void withoutAnyReadableSnapshotBothGo() {
    RangeRecord range =
        segments(1, 11, 12).toBuilder()
            .setPreviousSnapshot(snapshot(20, 1, 5))
            .setSnapshot(snapshot(21, 2, 1))
            .build();
    RangeRecord repaired = JournalLayout.withoutUnreadableSnapshots(range, Optional.empty());

    assertThat(repaired.hasSnapshot()).isFalse();
    assertThat(repaired.getGarbageLedgerIdsList()).containsExactlyInAnyOrder(20L, 21L);
  }

  @Test
  void onlySegmentsWithoutEntriesAtTheEndGo() {
    RangeRecord range = segments(1, 10, 11, 12, 13);
    RangeRecord shorter = JournalLayout.withoutEmptyEnd(range, Set.of(10L, 12L, 13L));

    assertThat(ledgersOf(shorter)).containsExactly(10L, 11L);
    assertThat(shorter.getGarbageLedgerIdsList()).containsExactly(12L, 13L);
    assertThat(JournalLayout.withSegment(shorter, 14, 0).getSegments(2).getNumber()).isEqualTo(3);
  }

  @Test
  void aSegmentThatASnapshotIsInStays() {
    RangeRecord range = segments(1, 10, 11).toBuilder().setSnapshot(snapshot(20, 2, 0)).build();

    assertThat(JournalLayout.withoutEmptyEnd(range, Set.of(11L))).isEqualTo(range);
  }

  @Test
  void deletedGarbageIsNamedNoMore() {
    RangeRecord range =
        segments(1, 10).toBuilder().addAllGarbageLedgerIds(List.of(1L, 2L, 3L)).build();

    assertThat(JournalLayout.withoutGarbage(range, List.of(3L, 1L)).getGarbageLedgerIdsList())
        .containsExactly(2L);
    assertThat(JournalLayout.refersTo(range, 2)).isTrue();
    assertThat(JournalLayout.refersTo(range, 4)).isFalse();
  }
}
