package org.tallyring.shardserver.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.journal.RangeJournalsContractTest.get;

import java.nio.file.Path;
import java.util.List;
import org.apache.bookkeeper.client.BookKeeper;
import org.apache.bookkeeper.client.api.LedgerMetadata;
import org.apache.bookkeeper.net.BookieId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.proto.internal.v1.JournalSegment;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;

final class ZonePlacementTest {

  /** By chance alone, all of so many would be spread once in 600 runs. */
  private static final int RANGES = 16;

  @TempDir Path directory;

  private final InMemoryRangeStore store = new InMemoryRangeStore();

  @Test
  void theTwoCopiesOfASegmentAreInTwoZones() throws Exception {
    try (LocalBookies cluster = new LocalBookies(directory)) {
      cluster.startBookie("bookie-1", "rack-1");
      cluster.startBookie("bookie-2", "rack-1");
      cluster.startBookie("bookie-3", "rack-2");
      try (BookKeeperJournals journals = BookKeeperJournals.connect(cluster.settings(), store);
          BookKeeper client = BookKeeperClient.connect(cluster.settings())) {
        for (int range = 0; range < RANGES; range++) {
          get(journals.open(range, "shard-1", new RecordingReplay(), Runnable::run));
          for (JournalSegment segment : get(store.read(range)).value().getSegmentsList()) {
            LedgerMetadata ledger =
                get(client.getLedgerManager().readLedgerMetadata(segment.getLedgerId())).getValue();
            List<BookieId> bookies = ledger.getAllEnsembles().firstEntry().getValue();
            assertThat(bookies).hasSize(2).contains(BookieId.parse("bookie-3"));
          }
        }
      }
    }
  }
}
