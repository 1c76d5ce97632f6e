package org.tallyring.shardserver.journal;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.curator.test.TestingServer;
import org.tallyring.shardserver.coordination.LocalZooKeeper;

/** A ZooKeeper and some bookies in this process. */
final class LocalBookies implements AutoCloseable {

  final TestingServer zooKeeper;
  final List<JournalBookie> bookies = new CopyOnWriteArrayList<>();
  private final Path directory;

  LocalBookies(Path directory) throws Exception {
    this.directory = directory;
    zooKeeper = LocalZooKeeper.start(directory);
  }

  JournalBookie startBookie(String id) {
    return startBookie(id, BookieZone.NONE);
  }

  JournalBookie startBookie(String id, String zone) {
    JournalBookie bookie =
        JournalBookie.start(
            new BookieSettings(
                id,
                directory.resolve(id),
                zooKeeper.getConnectString(),
                Duration.ofSeconds(4),
                Optional.of(new InetSocketAddress("127.0.0.1", 0)),
                false,
                true,
                zone));
    bookies.add(bookie);
    return bookie;
  }

  JournalSettings settings() {
    return JournalSettings.defaults("test", zooKeeper.getConnectString())
        .withZooKeeperSessionTimeout(Duration.ofSeconds(4))
        .withRollBytes(RangeJournalsContractTest.ROLL_BYTES);
  }

  @Override
  public void close() throws Exception {
    bookies.forEach(JournalBookie::close);
    zooKeeper.close();
  }
}
