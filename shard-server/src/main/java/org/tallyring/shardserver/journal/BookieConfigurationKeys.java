package org.tallyring.shardserver.journal;

import java.net.InetSocketAddress;
import org.apache.bookkeeper.bookie.SortedLedgerStorage;
import org.apache.bookkeeper.conf.ServerConfiguration;

/**
 * BookKeeper's many keys, set for a small bookie: about 35 threads, some tens of megabytes of
 * memory, disk space given back within minutes of a ledger's deletion.
 */
final class BookieConfigurationKeys {

  private static final long MIB = 1L << 20;

  private BookieConfigurationKeys() {}

  static ServerConfiguration of(BookieSettings settings) {
    ServerConfiguration keys = new ServerConfiguration();
    identity(keys, settings);
    transport(keys, settings);
    durability(keys);
    disk(keys);
    threads(keys);
    keys.setHttpServerEnabled(false);
    keys.setStatisticsEnabled(false);
    // Run by CopyRecovery, if at all.
    keys.setAutoRecoveryDaemonEnabled(false);
    // A restart or an upgrade of a bookie must not set copying in motion.
    keys.setProperty("lostBookieRecoveryDelay", 60);
    keys.setProperty("ensemblePlacementPolicy", ZonePlacement.class.getName());
    BookieZone.configure(keys, settings.zone());
    return keys;
  }

  private static void identity(ServerConfiguration keys, BookieSettings settings) {
    keys.setMetadataServiceUri(BookKeeperClient.metadataUri(settings.zooKeeper()));
    keys.setZkTimeout((int) settings.zooKeeperSessionTimeout().toMillis());
    keys.setBookieId(settings.id());
    keys.setJournalDirName(settings.directory().resolve("journal").toString());
    keys.setLedgerDirNames(new String[] {settings.directory().resolve("ledgers").toString()});
    keys.setAllowMultipleDirsUnderSameDiskPartition(true);
  }

  private static void transport(ServerConfiguration keys, BookieSettings settings) {
    InetSocketAddress listen = settings.listen().orElse(null);
    keys.setAllowLoopback(true);
    // Naming an interface makes the bookie listen on the advertised address only, not on all.
    keys.setListeningInterface("lo");
    keys.setAdvertisedAddress(listen == null ? "127.0.0.1" : listen.getHostString());
    if (listen == null) {
      keys.setEnableLocalTransport(true);
      keys.setDisableServerSocketBind(true);
    } else {
      keys.setAllowEphemeralPorts(true);
      keys.setBookiePort(listen.getPort());
    }
  }

  /** An acknowledged entry is on stable storage. One flush serves all ranges that wait for it. */
  private static void durability(ServerConfiguration keys) {
    keys.setJournalSyncData(true);
    keys.setJournalWriteData(true);
    keys.setJournalAdaptiveGroupWrites(true);
    keys.setJournalMaxGroupWaitMSec(1);
    // Nobody waits for company on an idle disk: what comes while it flushes is flushed together, so
    // groups grow with the load by themselves. A lone increment waited up to a millisecond before.
    keys.setJournalFlushWhenQueueEmpty(true);
  }

  private static void disk(ServerConfiguration keys) {
    keys.setMaxJournalSizeMB(128);
    keys.setProperty("journalPreAllocSizeMB", 8);
    keys.setMaxBackupJournals(0);
    keys.setJournalMaxMemorySizeMb(32);
    // No native library, unlike the storage on RocksDB.
    keys.setLedgerStorageClass(SortedLedgerStorage.class.getName());
    // Less than half of a region of the collector's, be it the smallest (1 MiB). A piece of 4 MiB,
    // the default, is rounded up to whole regions, and is by itself a reason to collect.
    keys.setProperty("skipListArenaChunkSize", 256 << 10);
    // What waits in memory is copied by each collection, for which all threads of the process stand
    // still; the limit is for one table, and there is one more that is being written.
    keys.setSkipListSizeLimit((int) (4 * MIB));
    // 16 MiB of index, where the default lets it grow to a third of the heap's size.
    keys.setPageSize(8 << 10);
    keys.setPageLimit(2_048);
    keys.setEntryLogSizeLimit(64 * MIB);
    keys.setEntryLogFilePreAllocationEnabled(false);
    keys.setGcWaitTime(60_000);
    keys.setMinorCompactionInterval(120);
    keys.setMajorCompactionInterval(600);
    // The defaults make a bookie on a disk that is 95 % full read-only, however much that leaves.
    keys.setDiskUsageWarnThreshold(0.95f);
    keys.setDiskUsageThreshold(0.98f);
    keys.setDiskLowWaterMarkUsageThreshold(0.96f);
    keys.setMinUsableSizeForIndexFileCreation(16 * MIB);
    keys.setMinUsableSizeForEntryLogCreation(96 * MIB);
    keys.setMinUsableSizeForHighPriorityWrites(96 * MIB);
  }

  private static void threads(ServerConfiguration keys) {
    keys.setServerNumIOThreads(2);
    keys.setNumAddWorkerThreads(1);
    keys.setNumReadWorkerThreads(2);
    keys.setNumHighPriorityWorkerThreads(1);
    keys.setNumLongPollWorkerThreads(1);
    keys.setNumJournalCallbackThreads(1);
  }
}
