package org.tallyring.standalone;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.zookeeper.server.DatadirCleanupManager;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/**
 * One ZooKeeper server in this JVM: the coordination of a single machine and of trials. For a
 * cluster that must survive the loss of a machine, run an ensemble of ZooKeeper's own distribution
 * and point {@code zookeeper.connect} at it.
 */
public final class LocalZooKeeper implements AutoCloseable {

  private static final int MAX_CONNECTIONS_PER_CLIENT = 200;
  private static final int SNAPSHOTS_KEPT = 3;
  private static final int PURGE_EVERY_HOURS = 1;

  /** ZooKeeper's own bound is 20 ticks, which would rule out short ones. */
  private static final int LONGEST_SESSION_MILLIS = 60_000;

  private final ServerCnxnFactory connections;
  private final ZooKeeperServer server;
  private final DatadirCleanupManager cleanup;

  private LocalZooKeeper(
      ServerCnxnFactory connections, ZooKeeperServer server, DatadirCleanupManager cleanup) {
    this.connections = connections;
    this.server = server;
    this.cleanup = cleanup;
  }

  /**
   * Starts a server; returns when it takes connections.
   *
   * @param dataDir where it keeps its snapshots and its log
   * @param host the address to listen on
   * @param port the port to listen on; 0 for any
   * @param tickMillis its unit of time: sessions last at least 2 ticks and at most a minute without
   *     contact, and their end is noticed up to a tick late
   * @throws IOException if the directory cannot be used or the port not be bound
   */
  public static LocalZooKeeper start(Path dataDir, String host, int port, int tickMillis)
      throws IOException {
    // The log file is filled with zeros ahead in steps of this many KiB; the default of 64 MiB
    // costs a
    // small disk more than all the data of a single machine.
    if (System.getProperty("zookeeper.preAllocSize") == null) {
      System.setProperty("zookeeper.preAllocSize", "4096");
    }
    Files.createDirectories(dataDir);
    ZooKeeperServer server = new ZooKeeperServer(dataDir.toFile(), dataDir.toFile(), tickMillis);
    server.setMaxSessionTimeout(Math.max(LONGEST_SESSION_MILLIS, 2 * tickMillis));
    ServerCnxnFactory connections =
        ServerCnxnFactory.createFactory(
            new InetSocketAddress(host, port), MAX_CONNECTIONS_PER_CLIENT);
    try {
      connections.startup(server);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("ZooKeeper: interrupted while starting", e);
    }
    DatadirCleanupManager cleanup =
        new DatadirCleanupManager(
            dataDir.toFile(), dataDir.toFile(), SNAPSHOTS_KEPT, PURGE_EVERY_HOURS);
    cleanup.start();
    return new LocalZooKeeper(connections, server, cleanup);
  }

  /** The port that is listened on. */
  public int port() {
    return connections.getLocalPort();
  }

  /** Ends all connections and the server; what was acknowledged is on disk. */
  @Override
  public void close() {
    cleanup.shutdown();
    connections.shutdown();
    server.shutdown();
  }
}
