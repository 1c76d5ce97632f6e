package org.tallyring.shardserver.coordination;

import java.nio.file.Path;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The stores' promises on a real ZooKeeper. */
final class CuratorStoreTest extends StoreContractTest {

  @TempDir static Path directory;

  private TestingServer server;

  @BeforeAll
  void start() throws Exception {
    server = LocalZooKeeper.start(directory);
  }

  @AfterAll
  void stop() throws Exception {
    closeAll();
    server.close();
  }

  @Override
  Coordination connectTo(String clusterName, int rangeCount) {
    return CuratorCoordination.connect(
        new CoordinationSettings(server.getConnectString(), clusterName, 10_000, rangeCount));
  }
}
