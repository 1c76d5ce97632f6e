package org.tallyring.shardserver.journal;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.BookKeeper;
import org.apache.bookkeeper.conf.ClientConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes clients of the bookies. */
final class BookKeeperClient {

  private static final Logger log = LoggerFactory.getLogger(BookKeeperClient.class);

  private static final String LEDGERS_PATH = "/ledgers";

  /** How long a connection to a bookie may take: a dead machine must not stall an open for long. */
  private static final int CONNECT_TIMEOUT_MILLIS = 3_000;

  /** Servers of a cluster are often started together, or again after all of them were down. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(200);

  private BookKeeperClient() {}

  /**
   * Connects; blocks until the bookies' metadata have been read. An attempt ends with the session
   * time-out, which a busy ZooKeeper that has just come up may need more than once.
   */
  static BookKeeper connect(JournalSettings settings) {
    SteadyMetadataDriver.install();
    long giveUpAt = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return new BookKeeper(configuration(settings));
      } catch (IOException | BKException e) {
        if (System.nanoTime() - giveUpAt >= 0) {
          throw new IllegalStateException(
              "The journal cannot reach its metadata in ZooKeeper at " + settings.zooKeeper(), e);
        }
        log.warn("No bookies' metadata from ZooKeeper yet, trying again: {}", e.toString());
        LockSupport.parkNanos(BETWEEN_ATTEMPTS.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while connecting to the bookies", e);
      }
    }
  }

  /** The same place for bookies and clients: a connect string in the form that BookKeeper wants. */
  static String metadataUri(String zooKeeper) {
    int slash = zooKeeper.indexOf('/');
    String hosts = slash < 0 ? zooKeeper : zooKeeper.substring(0, slash);
    String chroot = slash < 0 ? "" : zooKeeper.substring(slash);
    return "zk+hierarchical://" + hosts.replace(',', ';') + chroot + LEDGERS_PATH;
  }

  private static ClientConfiguration configuration(JournalSettings settings) {
    ClientConfiguration configuration = new ClientConfiguration();
    configuration.setMetadataServiceUri(metadataUri(settings.zooKeeper()));
    configuration.setZkTimeout((int) settings.zooKeeperSessionTimeout().toMillis());
    // The default lets through 5,000 operations a second on each ledger and blocks the caller.
    configuration.setThrottleValue(0);
    configuration.setAddEntryTimeout((int) settings.appendTimeout().toSeconds());
    configuration.setReadEntryTimeout((int) settings.appendTimeout().toSeconds());
    configuration.setClientConnectTimeoutMillis(CONNECT_TIMEOUT_MILLIS);
    configuration.setNumIOThreads(2);
    configuration.setNumWorkerThreads(2);
    configuration.setUseV2WireProtocol(false);
    configuration.setEnableParallelRecoveryRead(true);
    configuration.setEnsemblePlacementPolicy(ZonePlacement.class);
    return configuration;
  }
}
