package org.tallyring.shardserver.coordination;

import java.nio.file.Path;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;

/** A ZooKeeper server in this process, on a free port of the loopback interface. */
public final class LocalZooKeeper {

  /** In milliseconds. Sessions last at least twice as long. */
  private static final int TICK = 500;

  private LocalZooKeeper() {}

  /** A running server with its data under a directory. */
  public static TestingServer start(Path directory) throws Exception {
    InstanceSpec spec =
        new InstanceSpec(
            directory.resolve("zookeeper").toFile(),
            -1,
            -1,
            -1,
            true,
            -1,
            TICK,
            -1,
            null,
            "127.0.0.1");
    return new TestingServer(spec, true);
  }
}
