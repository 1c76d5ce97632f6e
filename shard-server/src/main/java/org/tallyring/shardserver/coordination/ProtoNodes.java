package org.tallyring.shardserver.coordination;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.CuratorEvent;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous reads and compare-and-sets of nodes that hold one protobuf each.
 *
 * <p>Reads go through Curator, which repeats them over a short outage. Changes go straight to the
 * ZooKeeper handle, which sends each of them once: Curator would send a change again whose answer
 * was lost, find that the version has moved on (by that very change) and so turn an unknown outcome
 * into a definite, and wrong, conflict. Its "idempotent" variants compare contents instead, which
 * two processes of one id that write the same bytes would both pass.
 *
 * <p>Futures complete on the given executor. Those still open at {@link #close} fail.
 */
final class ProtoNodes implements AutoCloseable {

  private final CuratorFramework client;
  private final Executor executor;
  private final Set<CompletableFuture<?>> open = ConcurrentHashMap.newKeySet();

  ProtoNodes(CuratorFramework client, Executor executor) {
    this.client = client;
    this.executor = executor;
  }

  /** What a node holds; {@link Versioned#ABSENT} and {@code absent} when there is no such node. */
  <T extends Message> CompletableFuture<Versioned<T>> read(
      String path, T absent, Parser<T> parser) {
    CompletableFuture<Versioned<T>> future = track();
    try {
      client
          .getData()
          .inBackground((ignored, event) -> readDone(future, event, path, absent, parser))
          .forPath(path);
    } catch (Exception e) {
      fail(future, CoordinationException.of("cannot read " + path, e));
    }
    return future;
  }

  private <T extends Message> void readDone(
      CompletableFuture<Versioned<T>> future,
      CuratorEvent event,
      String path,
      T absent,
      Parser<T> parser) {
    switch (Code.get(event.getResultCode())) {
      case OK -> {
        try {
          T value = parser.parseFrom(event.getData());
          succeed(future, new Versioned<>(event.getStat().getVersion(), value));
        } catch (InvalidProtocolBufferException e) {
          fail(future, new CoordinationException("cannot decode " + path, e));
        }
      }
      case NONODE -> succeed(future, new Versioned<>(Versioned.ABSENT, absent));
      default -> fail(future, failure("cannot read " + path, event.getResultCode()));
    }
  }

  /** The names of a node's children, in ascending order. */
  CompletableFuture<List<String>> children(String path) {
    CompletableFuture<List<String>> future = track();
    try {
      client
          .getChildren()
          .inBackground(
              (ignored, event) -> {
                if (Code.get(event.getResultCode()) == Code.OK) {
                  succeed(future, event.getChildren().stream().sorted().toList());
                } else {
                  fail(future, failure("cannot list " + path, event.getResultCode()));
                }
              })
          .forPath(path);
    } catch (Exception e) {
      fail(future, CoordinationException.of("cannot list " + path, e));
    }
    return future;
  }

  /**
   * Writes a node if it has the expected version, or creates it for {@link Versioned#ABSENT}. Fails
   * with {@link ConflictException} when the version is certainly another, and with {@link
   * CoordinationException} when the outcome is not known.
   */
  <T extends Message> CompletableFuture<Versioned<T>> compareAndSet(
      String path, int expectedVersion, T value) {
    CompletableFuture<Versioned<T>> future = track();
    try {
      ZooKeeper zooKeeper = client.getZookeeperClient().getZooKeeper();
      byte[] data = value.toByteArray();
      if (expectedVersion == Versioned.ABSENT) {
        zooKeeper.create(
            path,
            data,
            ZooDefs.Ids.OPEN_ACL_UNSAFE,
            CreateMode.PERSISTENT,
            (code, p, context, name, stat) -> {
              switch (Code.get(code)) {
                case OK -> succeed(future, new Versioned<>(stat.getVersion(), value));
                case NODEEXISTS -> fail(future, conflict(path, expectedVersion));
                default -> fail(future, failure("outcome unknown: create " + path, code));
              }
            },
            null);
      } else {
        zooKeeper.setData(
            path,
            data,
            existing(expectedVersion),
            (code, p, context, stat) -> {
              switch (Code.get(code)) {
                case OK -> succeed(future, new Versioned<>(stat.getVersion(), value));
                case BADVERSION, NONODE -> fail(future, conflict(path, expectedVersion));
                default -> fail(future, failure("outcome unknown: write " + path, code));
              }
            },
            null);
      }
    } catch (Exception e) {
      fail(future, CoordinationException.of("cannot write " + path, e));
    }
    return future;
  }

  /** Deletes a node if it has the expected version; fails like {@link #compareAndSet}. */
  CompletableFuture<Void> delete(String path, int expectedVersion) {
    CompletableFuture<Void> future = track();
    try {
      client
          .getZookeeperClient()
          .getZooKeeper()
          .delete(
              path,
              existing(expectedVersion),
              (code, p, context) -> {
                switch (Code.get(code)) {
                  case OK -> succeed(future, null);
                  case BADVERSION, NONODE -> fail(future, conflict(path, expectedVersion));
                  default -> fail(future, failure("outcome unknown: delete " + path, code));
                }
              },
              null);
    } catch (Exception e) {
      fail(future, CoordinationException.of("cannot delete " + path, e));
    }
    return future;
  }

  /** Fails every call that was not answered yet. */
  @Override
  public void close() {
    for (CompletableFuture<?> future : open) {
      future.completeExceptionally(new CoordinationException("outcome unknown: closed"));
    }
  }

  /** Versions of existing nodes; ZooKeeper itself takes a negative one for "any". */
  private static int existing(int version) {
    if (version < 0) {
      throw new IllegalArgumentException(
          "expectedVersion: " + version + " (expected: the version of a read)");
    }
    return version;
  }

  private static ConflictException conflict(String path, int expectedVersion) {
    return new ConflictException(path + ": version " + expectedVersion + " (expected: as stored)");
  }

  private static CoordinationException failure(String what, int code) {
    return new CoordinationException(what, KeeperException.create(Code.get(code)));
  }

  private <T> CompletableFuture<T> track() {
    CompletableFuture<T> future = new CompletableFuture<>();
    open.add(future);
    return future;
  }

  private <T> void succeed(CompletableFuture<T> future, @Nullable T value) {
    finish(future, () -> future.complete(value));
  }

  private void fail(CompletableFuture<?> future, RuntimeException failure) {
    finish(future, () -> future.completeExceptionally(failure));
  }

  private void finish(CompletableFuture<?> future, Runnable completion) {
    try {
      executor.execute(
          () -> {
            open.remove(future);
            completion.run();
          });
    } catch (RejectedExecutionException e) {
      // Closed meanwhile: nothing else runs on the executor any more, so any thread will do.
      open.remove(future);
      completion.run();
    }
  }
}
