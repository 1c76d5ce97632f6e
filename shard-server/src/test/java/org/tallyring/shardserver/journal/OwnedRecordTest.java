package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tallyring.shardserver.journal.RangeJournalsContractTest.get;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.coordination.Mishap;

final class OwnedRecordTest {

  private final InMemoryRangeStore store = new InMemoryRangeStore();

  private OwnedRecord claim(String owner) {
    return get(OwnedRecord.claim(store, 1, owner));
  }

  private static RangeRecord withGarbage(RangeRecord range, long ledgerId) {
    return range.getGarbageLedgerIdsList().contains(ledgerId)
        ? range
        : range.toBuilder().addGarbageLedgerIds(ledgerId).build();
  }

  @Test
  void aClaimRaisesTheEpochAndIsNotServingYet() {
    claim("shard-1");
    OwnedRecord record = claim("shard-2");

    assertThat(record.epoch()).isEqualTo(2);
    assertThat(store.record(1).getOwner()).isEqualTo("shard-2");
    assertThat(store.record(1).getServing()).isFalse();
  }

  @Test
  void anEarlierClaimCannotChangeAnything() {
    OwnedRecord earlier = claim("shard-1");
    claim("shard-1");

    assertThatThrownBy(() -> get(earlier.change(range -> withGarbage(range, 7))))
        .isInstanceOf(JournalLostException.class)
        .hasMessageContaining("shard-1 lost it at epoch 1 to shard-1 at epoch 2");
    assertThat(store.record(1).getGarbageLedgerIdsList()).isEmpty();
  }

  @Test
  void changesAtTheSameTimeAllHappen() {
    OwnedRecord record = claim("shard-1");
    List<CompletableFuture<?>> changes = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      long ledgerId = i;
      changes.add(record.change(range -> withGarbage(range, ledgerId)));
    }
    changes.forEach(RangeJournalsContractTest::get);

    assertThat(store.record(1).getGarbageLedgerIdsList()).hasSize(20).isSorted();
  }

  @Test
  void anUnclearAnswerIsSettledByReading() {
    OwnedRecord record = claim("shard-1");
    for (Mishap mishap : Mishap.values()) {
      store.nextGoesWrong(mishap);
      RangeRecord changed = get(record.change(range -> withGarbage(range, mishap.ordinal())));

      assertThat(changed).as(mishap.name()).isEqualTo(store.record(1));
      assertThat(changed.getGarbageLedgerIdsList()).contains((long) mishap.ordinal());
    }
    assertThat(store.record(1).getGarbageLedgerIdsCount()).isEqualTo(Mishap.values().length);
  }

  @Test
  void aClaimWhoseAnswerSaysConflictIsGivenUpAndTheNextOneWorks() {
    store.nextGoesWrong(Mishap.APPLIED_BUT_REPORTED_AS_CONFLICT);

    assertThatThrownBy(() -> claim("shard-1")).isInstanceOf(JournalLostException.class);
    assertThat(claim("shard-1").epoch()).isEqualTo(2);
  }

  @Test
  void aClaimOutlastsAnOwnerThatChangesTheRecordMeanwhile() {
    OwnedRecord owner = claim("shard-1");
    store.happensBeforeNext(() -> get(owner.change(range -> withGarbage(range, 5))));
    OwnedRecord next = claim("shard-2");

    assertThat(next.epoch()).isEqualTo(2);
    assertThat(store.record(1).getGarbageLedgerIdsList()).containsExactly(5L);
  }
}
