package org.tallyring.benchmarks.redis;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.benchmarks.process.FreePorts;
import org.tallyring.benchmarks.process.ServerProcess;

/**
 * A fresh {@code redis-server} with an append-only file, on loopback, in a directory of its own.
 */
final class RedisServer implements AutoCloseable {

  /** When the append-only file is forced to the disk. */
  enum Fsync {
    /** Once a second: what was acknowledged in the last second can be lost. */
    EVERYSEC,
    /** Before each acknowledgement. */
    ALWAYS
  }

  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final int MEMBERS_A_CALL = 1_000;

  private final ServerProcess process;
  private final int port;

  private RedisServer(ServerProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts one, with every member in every set, and then has it fsync as asked.
   *
   * @param program the path of {@code redis-server}, or its name
   * @param parent where to make its directory; null for where temporary files are
   */
  static RedisServer start(String program, Fsync fsync, int members, @Nullable Path parent)
      throws IOException, InterruptedException {
    int port = FreePorts.find(0);
    Path directory = ServerProcess.directory(parent);
    List<String> command =
        List.of(
            program,
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            directory.toString(),
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "no",
            "--auto-aof-rewrite-percentage",
            "0");
    RedisServer server =
        new RedisServer(
            ServerProcess.start(command, directory, "Ready to accept connections", START_LIMIT),
            port);
    try (RespConnection connection = server.connect()) {
      fill(connection, members);
      connection.call("CONFIG", "SET", "appendfsync", fsync.name().toLowerCase(Locale.ROOT));
    } catch (IOException | RuntimeException failure) {
      server.close();
      throw failure;
    }
    return server;
  }

  private static void fill(RespConnection connection, int members) throws IOException {
    for (int from = 0; from < members; from += MEMBERS_A_CALL) {
      int count = Math.min(MEMBERS_A_CALL, members - from);
      for (String set : Recipe.SETS) {
        String[] words = new String[2 + 2 * count];
        words[0] = "ZADD";
        words[1] = set;
        for (int i = 0; i < count; i++) {
          words[2 + 2 * i] = "1";
          words[3 + 2 * i] = ZipfKeys.key(from + i);
        }
        connection.call(words);
      }
    }
  }

  RespConnection connect() throws IOException {
    return RespConnection.to(port);
  }

  /** The CPU time that the process has used, in nanoseconds. */
  double cpuNanos() {
    return process.cpuNanos();
  }

  @Override
  public void close() {
    process.close();
  }
}
