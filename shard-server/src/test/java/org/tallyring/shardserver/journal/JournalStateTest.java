package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.journal.JournalState.CLOSED;
import static org.tallyring.shardserver.journal.JournalState.CLOSING;
import static org.tallyring.shardserver.journal.JournalState.LOST;
import static org.tallyring.shardserver.journal.JournalState.OPEN;
import static org.tallyring.shardserver.journal.JournalState.SWITCHING;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class JournalStateTest {

  private static final Map<JournalState, Set<JournalState>> LEGAL =
      Map.of(
          OPEN, Set.of(SWITCHING, CLOSING, LOST),
          SWITCHING, Set.of(OPEN, LOST),
          CLOSING, Set.of(CLOSED, LOST),
          CLOSED, Set.of(),
          LOST, Set.of());

  @Test
  void exactlyTheListedMovesAreLegal() {
    for (JournalState from : JournalState.values()) {
      for (JournalState to : JournalState.values()) {
        assertThat(from.mayBecome(to))
            .as("%s to %s", from, to)
            .isEqualTo(LEGAL.getOrDefault(from, Set.of()).contains(to));
      }
      assertThat(from.isFinal()).isEqualTo(LEGAL.getOrDefault(from, Set.of()).isEmpty());
    }
  }
}
