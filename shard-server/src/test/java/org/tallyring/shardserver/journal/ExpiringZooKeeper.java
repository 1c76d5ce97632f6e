package org.tallyring.shardserver.journal;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

/** A ZooKeeper in this process whose sessions can be ended as if they had expired. */
final class ExpiringZooKeeper implements AutoCloseable {

  private static final int TICK_MILLIS = 500;
  private static final int MOST_CLIENTS = 60;

  private final ZooKeeperServer server;
  private final NIOServerCnxnFactory connections = new NIOServerCnxnFactory();

  private ExpiringZooKeeper(Path directory) throws Exception {
    Files.createDirectories(directory);
    server = new ZooKeeperServer(directory.toFile(), directory.toFile(), TICK_MILLIS);
    connections.configure(new InetSocketAddress("127.0.0.1", 0), MOST_CLIENTS);
    connections.startup(server);
  }

  static ExpiringZooKeeper start(Path directory) throws Exception {
    return new ExpiringZooKeeper(directory);
  }

  String connectString() {
    return "127.0.0.1:" + connections.getLocalPort();
  }

  /** Ends all sessions, and says which they were. */
  Set<Long> expireAllSessions() {
    Set<Long> sessions = new HashSet<>(server.getZKDatabase().getSessions());
    sessions.forEach(server::closeSession);
    return sessions;
  }

  /** Whether something ephemeral lies under a path, of a session that is none of these. */
  boolean hasEphemeral(String path, Set<Long> otherThan) {
    return server.getZKDatabase().getDataTree().getEphemerals().entrySet().stream()
        .filter(session -> !otherThan.contains(session.getKey()))
        .anyMatch(session -> session.getValue().stream().anyMatch(node -> node.startsWith(path)));
  }

  @Override
  public void close() {
    connections.shutdown();
  }
}
