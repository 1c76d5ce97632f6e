package org.tallyring.shardserver.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The twin for tests keeps the same promises, and fails when it is told to. */
final class InMemoryJournalsTest extends RangeJournalsContractTest {

  private final InMemoryJournals journals = new InMemoryJournals(store);

  @Override
  RangeJournals journals() {
    return journals;
  }

  @Override
  RangeJournals othersJournals() {
    return journals;
  }

  @Test
  void aFailedAppendMayBeInTheJournalOrNot() {
    for (boolean isInJournal : new boolean[] {true, false}) {
      int range = newRange();
      RangeJournal journal = open(range);
      journals.failNextAppend(range, isInJournal);

      assertThatThrownBy(() -> append(journal, "doubtful"))
          .isInstanceOf(JournalLostException.class);
      assertThatThrownBy(() -> append(journal, "after")).isInstanceOf(JournalLostException.class);
      assertThat(reopened(range)).hasSize(isInJournal ? 1 : 0);
    }
  }

  @Test
  void heldAcknowledgementsComeWhenReleased() {
    int range = newRange();
    RangeJournal journal = open(range);
    journals.holdAcks(range);
    CompletableFuture<Position> append = journal.append(new StoredBytes("held".getBytes(UTF_8)));
    assertThat(append).isNotDone();

    journals.releaseAcks(range);
    assertThat(append).isCompleted();
  }

  @Test
  void aFenceFailsHeldAcknowledgements() {
    int range = newRange();
    RangeJournal journal = open(range);
    journals.holdAcks(range);
    CompletableFuture<Position> append = journal.append(new StoredBytes("held".getBytes(UTF_8)));
    assertThat(reopened(range)).containsExactly("held");

    journals.releaseAcks(range);
    assertThat(append).isCompletedExceptionally();
  }
}
