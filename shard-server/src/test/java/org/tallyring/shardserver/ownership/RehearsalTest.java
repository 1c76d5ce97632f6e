package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.journal.InMemoryJournals;

final class RehearsalTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration LONG = Duration.ofHours(1);

  private final InMemoryRangeStore store = new InMemoryRangeStore();
  private final InMemoryJournals journals = new InMemoryJournals(store);

  @Test
  void eachRoundIsAnotherTenureWithWhatTheOneBeforeCounted() {
    Rehearsal.run(journals, LIMIT);
    // One for the beginning and one for each round: a hand-off that finds less than was handed off
    // ends it.
    assertThat(store.record(0).getEpoch()).isEqualTo(41);
  }

  @Test
  void whatCannotBeRehearsedIsGivenUp() {
    journals.setWithoutBookies(true);
    Rehearsal.run(journals, LIMIT);
    assertThat(store.record(0).getEpoch()).isEqualTo(1);
  }

  @Test
  void withoutTimeItBeginsNothing() {
    Rehearsal.run(journals, Duration.ZERO);
    assertThat(store.record(0).getEpoch()).isLessThanOrEqualTo(1);
  }

  @Test
  void whatIsClosedBeforeItsTimeIsNotRehearsed() throws Exception {
    Rehearsal.later(journals, LONG, LIMIT).close();
    assertThat(store.record(0).getEpoch()).isZero();
  }

  @Test
  void itIsRehearsedWhenItsTimeHasCome() throws Exception {
    try (AutoCloseable later = Rehearsal.later(journals, Duration.ZERO, LIMIT)) {
      Awaitility.await().atMost(LIMIT).until(() -> store.record(0).getEpoch() == 41);
    }
  }
}
