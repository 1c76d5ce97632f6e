package org.tallyring.shardserver.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Servers and channels in this process, for one test. What was started last is shut down first; a
 * server or channel that does not terminate fails the test.
 *
 * <p>Calls run on the threads that cause them, so a request that was sent has been handled as far
 * as its handler went by itself.
 */
final class InProcessGrpc implements AfterEachCallback {

  private static final long TERMINATION_SECONDS = 5;

  private final Deque<AutoCloseable> open = new ConcurrentLinkedDeque<>();

  /** Starts a server under a name, with what is added to it. */
  Server serve(String name, UnaryOperator<InProcessServerBuilder> services) {
    try {
      Server server =
          services.apply(InProcessServerBuilder.forName(name).directExecutor()).build().start();
      closeAtEnd(() -> end(server));
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A channel to the server of that name, should there be one. */
  ManagedChannel channel(String name) {
    ManagedChannel channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    closeAtEnd(() -> end(channel));
    return channel;
  }

  /** Closes something when the test ends, after all that is started later. */
  void closeAtEnd(AutoCloseable resource) {
    open.push(resource);
  }

  private static void end(Server server) throws InterruptedException {
    if (!server.shutdown().awaitTermination(TERMINATION_SECONDS, TimeUnit.SECONDS)) {
      server.shutdownNow();
      throw new AssertionError("still running: " + server);
    }
  }

  /** Calls still open are a test's way to end, so they are cancelled. */
  private static void end(ManagedChannel channel) throws InterruptedException {
    if (!channel.shutdownNow().awaitTermination(TERMINATION_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("still open: " + channel);
    }
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    AssertionError failures = new AssertionError("not ended");
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception | AssertionError e) {
        failures.addSuppressed(e);
      }
    }
    if (failures.getSuppressed().length > 0) {
      throw failures;
    }
  }
}
