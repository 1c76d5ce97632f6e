package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.tallyring.shardserver.journal.RangeJournalsContractTest.append;
import static org.tallyring.shardserver.journal.RangeJournalsContractTest.get;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;

/** The single bookie of a single machine. */
final class JournalBookieTest {

  /** Where bookies are registered. */
  private static final String REGISTRATIONS = "/ledgers/available/";

  /** Where those stand for election that would watch over copies. */
  private static final String RECOVERY = "/ledgers/underreplication/auditorelection/";

  @TempDir Path directory;

  private final InMemoryRangeStore store = new InMemoryRangeStore();

  private RecordingReplay appendOnce(JournalSettings settings, String entry) {
    RecordingReplay replay = new RecordingReplay();
    try (BookKeeperJournals journals = BookKeeperJournals.connect(settings, store)) {
      RangeJournal journal = get(journals.open(1, "shard-1", replay, Runnable::run));
      append(journal, entry);
      assertThat(journal.health()).isEqualTo(new JournalHealth(JournalHealth.State.OK, 1));
    }
    return replay;
  }

  @Test
  void oneBookieWithoutAPortKeepsOneCopyAcrossRestarts() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      BookieSettings bookie =
          BookieSettings.embedded(directory.resolve("one"), cluster.zooKeeper.getConnectString());
      JournalSettings settings = cluster.settings().withSingleMachine(true);
      try (JournalBookie running = JournalBookie.start(bookie)) {
        assertThat(appendOnce(settings, "first").state).isEmpty();
        assertThat(running.stopped()).isNotDone();

        assertThatThrownBy(() -> JournalBookie.start(bookie))
            .as("the same directory twice")
            .hasMessageContaining("another bookie in this process uses the directory");
      }
      try (JournalBookie running = JournalBookie.start(bookie)) {
        assertThat(running.id()).isEqualTo("local");
        assertThat(appendOnce(settings, "second").state).containsExactly("first");
      }
    }
  }

  @Test
  void theFirstBookiesMayStartAtTheSameMoment() throws Exception {
    int rounds = 3;
    for (int round = 0; round < rounds; round++) {
      Path own = Files.createDirectory(directory.resolve("round-" + round));
      try (LocalBookies cluster = new LocalBookies(own)) {
        CyclicBarrier together = new CyclicBarrier(4);
        List<CompletableFuture<JournalBookie>> starts =
            IntStream.rangeClosed(1, 4)
                .mapToObj(
                    number ->
                        CompletableFuture.supplyAsync(
                            () -> {
                              await(together);
                              return cluster.startBookie("bookie-" + number);
                            },
                            task -> new Thread(task).start()))
                .toList();
        starts.forEach(CompletableFuture::join);
      }
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException broken) {
      throw new IllegalStateException(broken);
    }
  }

  @Test
  void aBookieOutlivesItsSessionsWithZooKeeper() throws Exception {
    try (ExpiringZooKeeper zooKeeper = ExpiringZooKeeper.start(directory.resolve("zookeeper"));
        JournalBookie bookie =
            JournalBookie.start(
                BookieSettings.clustered(
                    "bookie-1",
                    directory.resolve("bookie-1"),
                    zooKeeper.connectString(),
                    new InetSocketAddress("127.0.0.1", 0)))) {
      Awaitility.await().until(() -> zooKeeper.hasEphemeral(RECOVERY, Set.of()));
      Set<Long> expired = zooKeeper.expireAllSessions();

      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  zooKeeper.hasEphemeral(REGISTRATIONS, expired)
                      && zooKeeper.hasEphemeral(RECOVERY, expired));
      assertThat(bookie.stopped()).isNotDone();
    }
  }

  @Test
  void oneCopyIsNotMadeWithoutConsent() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      cluster.startBookie("bookie-1");
      try (BookKeeperJournals journals = BookKeeperJournals.connect(cluster.settings(), store)) {
        assertThatThrownBy(
                () -> get(journals.open(1, "shard-1", new RecordingReplay(), Runnable::run)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("1 writable of 1 bookies (expected: at least 2 writable)");
      }
    }
  }

  @Test
  void aDirectoryBelongsToOneId() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      Path shared = directory.resolve("shared");
      String zooKeeper = cluster.zooKeeper.getConnectString();
      JournalBookie.start(BookieSettings.embedded(shared, zooKeeper)).close();
      BookieSettings embedded = BookieSettings.embedded(shared, zooKeeper);
      BookieSettings renamed =
          new BookieSettings(
              "other",
              shared,
              zooKeeper,
              embedded.zooKeeperSessionTimeout(),
              embedded.listen(),
              false,
              true,
              BookieZone.NONE);

      assertThatThrownBy(() -> JournalBookie.start(renamed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Bookie other in " + shared + " did not start");
    }
  }

  @Test
  void aConnectStringBecomesAMetadataUri() {
    assertThat(BookKeeperClient.metadataUri("a:1")).isEqualTo("zk+hierarchical://a:1/ledgers");
    assertThat(BookKeeperClient.metadataUri("a:1,b:2/root"))
        .isEqualTo("zk+hierarchical://a:1;b:2/root/ledgers");
  }
}
