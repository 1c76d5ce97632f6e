package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.internal.v1.SnapshotReference;

/**
 * What a range's record says of its journal, and how that changes. Pure. Every change can be made
 * again on a record that has it already.
 *
 * <p>Invariants: segment numbers are contiguous; the segments reach back to the previous snapshot
 * or further, or to the first segment ever while there is none; a ledger is a segment, a snapshot
 * or garbage, never two of them.
 */
final class JournalLayout {

  private JournalLayout() {}

  /** The number that the next segment has. */
  static long nextSegmentNumber(RangeRecord range) {
    int count = range.getSegmentsCount();
    return count > 0
        ? range.getSegments(count - 1).getNumber() + 1
        : range.getSnapshot().getSegment() + 1;
  }

  /**
   * With a ledger as the last segment.
   *
   * @param begunAtMillis the present time
   */
  static RangeRecord withSegment(RangeRecord range, long ledgerId, long begunAtMillis) {
    if (refersTo(range, ledgerId)) {
      return range;
    }
    return range.toBuilder()
        .addSegments(
            JournalSegment.newBuilder()
                .setNumber(nextSegmentNumber(range))
                .setLedgerId(ledgerId)
                .setBegunAtMillis(begunAtMillis))
        .build();
  }

  /** Without the segment in a ledger. */
  static RangeRecord withoutSegment(RangeRecord range, long ledgerId) {
    return range.toBuilder()
        .clearSegments()
        .addAllSegments(
            range.getSegmentsList().stream().filter(s -> s.getLedgerId() != ledgerId).toList())
        .build();
  }

  /** The number of the segment in a ledger. */
  static long segmentNumber(RangeRecord range, long ledgerId) {
    return range.getSegmentsList().stream()
        .filter(segment -> segment.getLedgerId() == ledgerId)
        .mapToLong(JournalSegment::getNumber)
        .findFirst()
        .orElseThrow();
  }

  /**
   * Without the segments at the end that hold only a header. Otherwise a range that nobody writes
   * to would get longer with every restart. Their numbers are given again, which confuses nothing:
   * no entry and no snapshot is at a position in them.
   *
   * @param headerOnly the ledgers that a recovery found with nothing but a header
   */
  static RangeRecord withoutEmptyEnd(RangeRecord range, Collection<Long> headerOnly) {
    int end = range.getSegmentsCount();
    while (end > 0
        && headerOnly.contains(range.getSegments(end - 1).getLedgerId())
        && range.getSegments(end - 1).getNumber() > range.getSnapshot().getSegment()) {
      end--;
    }
    if (end == range.getSegmentsCount()) {
      return range;
    }
    List<JournalSegment> segments = range.getSegmentsList();
    RangeRecord.Builder changed =
        range.toBuilder().clearSegments().addAllSegments(segments.subList(0, end));
    segments.subList(end, segments.size()).stream()
        .map(JournalSegment::getLedgerId)
        .forEach(changed::addGarbageLedgerIds);
    return changed.build();
  }

  /** Which moment makes {@link #withSnapshot} keep nothing that is not needed. */
  static final long KEEP_NOTHING = Long.MAX_VALUE;

  /**
   * With a newest snapshot. The one that was newest becomes the previous one, and the segments that
   * end before it become garbage, as does the previous one before.
   *
   * @param keepFromMillis what ended later than this stays, with everything after it; {@link
   *     #KEEP_NOTHING} if only what is needed does
   */
  static RangeRecord withSnapshot(
      RangeRecord range, SnapshotReference snapshot, long keepFromMillis) {
    if (refersTo(range, snapshot.getLedgerId())) {
      return range;
    }
    RangeRecord.Builder changed = range.toBuilder().setSnapshot(snapshot);
    if (range.hasPreviousSnapshot()) {
      changed.addGarbageLedgerIds(range.getPreviousSnapshot().getLedgerId());
    }
    if (range.hasSnapshot()) {
      changed.setPreviousSnapshot(range.getSnapshot()).clearSegments();
      List<JournalSegment> segments = range.getSegmentsList();
      int first = 0;
      while (first < segments.size()
          && segments.get(first).getNumber() < range.getSnapshot().getSegment()
          && (first + 1 == segments.size()
              || segments.get(first + 1).getBegunAtMillis() <= keepFromMillis)) {
        changed.addGarbageLedgerIds(segments.get(first).getLedgerId());
        first++;
      }
      changed.addAllSegments(segments.subList(first, segments.size()));
    }
    return changed.build();
  }

  /**
   * Without the snapshots newer than the one that a recovery could read. The segments still reach
   * back to that one, or to the beginning, so nothing depends on the others.
   *
   * @param readable what the state was restored from; empty if the whole journal was replayed
   */
  static RangeRecord withoutUnreadableSnapshots(
      RangeRecord range, Optional<SnapshotReference> readable) {
    if (!range.hasSnapshot() || readable.filter(range.getSnapshot()::equals).isPresent()) {
      return range;
    }
    RangeRecord.Builder changed = range.toBuilder().clearSnapshot().clearPreviousSnapshot();
    changed.addGarbageLedgerIds(range.getSnapshot().getLedgerId());
    if (range.hasPreviousSnapshot()
        && readable.filter(range.getPreviousSnapshot()::equals).isEmpty()) {
      changed.addGarbageLedgerIds(range.getPreviousSnapshot().getLedgerId());
    }
    readable.ifPresent(changed::setSnapshot);
    return changed.build();
  }

  /** Without garbage that is deleted. */
  static RangeRecord withoutGarbage(RangeRecord range, Collection<Long> deleted) {
    List<Long> rest = new ArrayList<>(range.getGarbageLedgerIdsList());
    return rest.removeAll(deleted)
        ? range.toBuilder().clearGarbageLedgerIds().addAllGarbageLedgerIds(rest).build()
        : range;
  }

  /** Whether a ledger is named in the record. */
  static boolean refersTo(RangeRecord range, long ledgerId) {
    return range.getSegmentsList().stream().anyMatch(s -> s.getLedgerId() == ledgerId)
        || (range.hasSnapshot() && range.getSnapshot().getLedgerId() == ledgerId)
        || (range.hasPreviousSnapshot() && range.getPreviousSnapshot().getLedgerId() == ledgerId)
        || range.getGarbageLedgerIdsList().contains(ledgerId);
  }

  /** The snapshots, newest first. */
  static List<SnapshotReference> snapshots(RangeRecord range) {
    List<SnapshotReference> snapshots = new ArrayList<>();
    if (range.hasSnapshot()) {
      snapshots.add(range.getSnapshot());
    }
    if (range.hasPreviousSnapshot()) {
      snapshots.add(range.getPreviousSnapshot());
    }
    return snapshots;
  }

  /** The place before the first entry that is kept. */
  static Position beginning(RangeRecord range) {
    if (range.getSegmentsCount() == 0) {
      return snapshotPosition(range);
    }
    long first = range.getSegments(0).getNumber();
    return first == 1 ? Position.START : new Position(first, -1);
  }

  /** The place up to which the newest snapshot reaches. */
  static Position snapshotPosition(RangeRecord range) {
    return range.hasSnapshot()
        ? new Position(range.getSnapshot().getSegment(), range.getSnapshot().getEntry())
        : Position.START;
  }
}
