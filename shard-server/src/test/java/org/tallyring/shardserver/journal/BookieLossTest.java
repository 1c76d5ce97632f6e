package org.tallyring.shardserver.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;

/** Bookies that go and come back under a writer that never gives up. */
final class BookieLossTest {

  @TempDir Path directory;

  private final InMemoryRangeStore store = new InMemoryRangeStore();

  /** An owner that appends until acknowledged, and opens again when the journal is lost. */
  private final class Owner {

    final List<String> acknowledged = new ArrayList<>();
    private final BookKeeperJournals journals;
    private RecordingReplay replay = new RecordingReplay();
    private RangeJournal journal;

    Owner(BookKeeperJournals journals) {
      this.journals = journals;
      this.journal = open(replay);
    }

    private RangeJournal open(RecordingReplay into) {
      return RangeJournalsContractTest.get(journals.open(1, "shard-1", into, Runnable::run));
    }

    List<String> reopen() {
      replay = new RecordingReplay();
      journal = open(replay);
      return replay.state;
    }

    /** What was in doubt is settled by what the next open replays. */
    void append(String entry) {
      while (true) {
        try {
          RangeJournalsContractTest.get(journal.append(new StoredBytes(entry.getBytes(UTF_8))));
          acknowledged.add(entry);
          return;
        } catch (JournalLostException lost) {
          List<String> state = reopen();
          assertThat(state).startsWith(acknowledged.toArray(String[]::new));
          if (state.size() > acknowledged.size()) {
            acknowledged.add(entry);
            assertThat(state).isEqualTo(acknowledged);
            return;
          }
        }
      }
    }

    JournalHealth health() {
      return journal.health();
    }
  }

  @Test
  void oneLostBookieOfThreeCostsNothingAcknowledged() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      for (int i = 1; i <= 3; i++) {
        cluster.startBookie("bookie-" + i);
      }
      try (BookKeeperJournals journals = BookKeeperJournals.connect(cluster.settings(), store)) {
        Owner owner = new Owner(journals);
        for (int i = 0; i < 200; i++) {
          if (i == 100) {
            cluster.bookies.get(0).close();
          }
          owner.append("entry-" + i);
        }
        assertThat(owner.reopen()).isEqualTo(owner.acknowledged).hasSize(200);
        assertThat(owner.health()).isEqualTo(new JournalHealth(JournalHealth.State.OK, 2));

        cluster.bookies.get(1).close();
        await()
            .atMost(Duration.ofSeconds(20))
            .untilAsserted(
                () ->
                    assertThatThrownBy(() -> owner.reopen())
                        .hasMessageContaining("1 writable of 3 bookies"));
        cluster.startBookie("bookie-2");
        await()
            .atMost(Duration.ofSeconds(20))
            .ignoreExceptions()
            .until(() -> owner.reopen().equals(owner.acknowledged));
      }
    }
  }

  @Test
  void aSecondLostBookieOfFourDegradesTheJournalUntilItIsBack() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      for (int i = 1; i <= 4; i++) {
        cluster.startBookie("bookie-" + i);
      }
      try (BookKeeperJournals journals = BookKeeperJournals.connect(cluster.settings(), store)) {
        Owner owner = new Owner(journals);
        assertThat(owner.health()).isEqualTo(new JournalHealth(JournalHealth.State.OK, 3));
        for (int i = 0; i < 100; i++) {
          owner.append("entry-" + i);
        }
        cluster.bookies.get(0).close();
        cluster.bookies.get(1).close();
        for (int i = 100; i < 200; i++) {
          owner.append("entry-" + i);
        }
        await()
            .atMost(Duration.ofSeconds(20))
            .until(
                () -> {
                  owner.append("x".repeat(1000));
                  return owner.health().state() == JournalHealth.State.DEGRADED;
                });
        assertThat(owner.health().copies()).isEqualTo(2);

        cluster.startBookie("bookie-1");
        cluster.startBookie("bookie-2");
        await()
            .atMost(Duration.ofSeconds(20))
            .until(() -> owner.health().equals(new JournalHealth(JournalHealth.State.OK, 3)));
        owner.append("end");
        assertThat(owner.reopen()).isEqualTo(owner.acknowledged);
      }
    }
  }
}
