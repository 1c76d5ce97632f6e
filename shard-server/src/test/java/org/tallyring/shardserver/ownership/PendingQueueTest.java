package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDeleted;

class PendingQueueTest {

  private static final int KIB = 1 << 10;

  private final PendingQueue queue = new PendingQueue(1 << 20);

  @Test
  void anEntryHasNoMoreThan64KiB() {
    add(batch(1, 30 * KIB), batch(2, 30 * KIB), batch(3, 5 * KIB), batch(4, 30 * KIB));

    assertThat(groups()).containsExactly(List.of(1L, 2L), List.of(3L, 4L));
  }

  @Test
  void anEntryHasNoMoreThanTheJournalTakes() {
    PendingQueue small = new PendingQueue(10 * KIB);
    small.add(batch(1, 6 * KIB));
    small.add(batch(2, 6 * KIB));

    assertThat(small.nextGroup()).hasSize(1);
    assertThat(small.nextGroup()).hasSize(1);
  }

  @Test
  void aBatchThatIsLargerThanAnEntryShouldBeGoesAlone() {
    add(batch(1, 100 * KIB), batch(2, KIB));

    assertThat(groups()).containsExactly(List.of(1L), List.of(2L));
  }

  @Test
  void aControlEntryStandsAloneInItsPlace() {
    Pending control = control();
    add(batch(1, KIB), control, batch(2, KIB), batch(3, KIB));

    assertThat(queue.nextGroup()).hasSize(1).doesNotContain(control);
    List<Pending> alone = queue.nextGroup();
    assertThat(alone).containsExactly(control);
    assertThat(PendingQueue.entryOf(alone)).isSameAs(control.control());
    assertThat(queue.nextGroup()).hasSize(2);
  }

  @Test
  void itIsWorthwhileFrom16KiBOnAndNotOnceTheyAreTaken() {
    add(batch(1, 16 * KIB - 1));
    assertThat(queue.isWorthwhile()).isFalse();

    add(batch(2, 1));
    assertThat(queue.isWorthwhile()).isTrue();

    queue.nextGroup();
    assertThat(queue.isWorthwhile()).isFalse();
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void repeatsNeedNoEntry() {
    assertThat(PendingQueue.entryOf(List.of(new Pending(null, null, null, null, 0, 0)))).isNull();
  }

  private void add(Pending... all) {
    for (Pending pending : all) {
      queue.add(pending);
    }
  }

  /** The batches of each entry, by what tells them apart here. */
  private List<List<Long>> groups() {
    List<List<Long>> groups = new ArrayList<>();
    while (!queue.isEmpty()) {
      JournalEntry entry = Objects.requireNonNull(PendingQueue.entryOf(queue.nextGroup()));
      groups.add(
          entry.getBatches().getBatchesList().stream()
              .map(AcceptedBatch::getNamespaceUid)
              .toList());
    }
    return groups;
  }

  private static Pending batch(long number, int bytes) {
    return new Pending(
        null, AcceptedBatch.newBuilder().setNamespaceUid(number).build(), null, null, bytes, 0);
  }

  private static Pending control() {
    return Pending.control(
        JournalEntry.newBuilder()
            .setNamespaceDeleted(NamespaceDeleted.newBuilder().setNamespaceUid(9))
            .build());
  }
}
