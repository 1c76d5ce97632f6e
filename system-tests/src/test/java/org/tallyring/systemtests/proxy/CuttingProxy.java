package org.tallyring.systemtests.proxy;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An HTTP proxy for CONNECT that cuts every connection at a random point and then refuses the next
 * few.
 *
 * <p>A JVM that is told of an HTTP proxy opens all its gRPC connections through it, whichever shard
 * they lead to; so the program needs no address rewritten and does not know that it is being
 * tested.
 *
 * <p>Each connection may carry a random number of bytes in each direction and is reset when either
 * is used up. A cut on the way up leaves half a message at the server; a cut on the way down
 * swallows the answers to what the server has counted, which is the case that exactly-once is
 * about. Bytes and not time decide, so a fast machine is cut as often as a slow one.
 */
public final class CuttingProxy implements AutoCloseable {

  private static final int FEWEST_BYTES_UP = 20_000;
  private static final int MOST_BYTES_UP = 400_000;

  /** Answers are much smaller than what they answer. */
  private static final int FEWEST_BYTES_DOWN = 5_000;

  private static final int MOST_BYTES_DOWN = 50_000;
  private static final int MOST_REFUSED = 3;

  private final ServerSocket listener;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "cutting-proxy");
            thread.setDaemon(true);
            return thread;
          });
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Random random;
  private final AtomicInteger cuts = new AtomicInteger();
  private final AtomicInteger toRefuse = new AtomicInteger();

  /**
   * Listens on a free port. The same seed draws the same numbers, for connections in the same
   * order.
   */
  public CuttingProxy(long seed) {
    random = new Random(seed);
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  /** Where it listens. */
  public int port() {
    return listener.getLocalPort();
  }

  /** How many connections it has cut. */
  public int cuts() {
    return cuts.get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        if (toRefuse.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
          reset(client);
        } else {
          threads.execute(() -> serve(client));
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    int bytesUp;
    int bytesDown;
    synchronized (random) {
      bytesUp = between(FEWEST_BYTES_UP, MOST_BYTES_UP);
      bytesDown = between(FEWEST_BYTES_DOWN, MOST_BYTES_DOWN);
    }
    try {
      InputStream fromClient = new BufferedInputStream(client.getInputStream());
      Socket server = ConnectHead.read(fromClient).connect();
      open.add(server);
      ConnectHead.accept(client.getOutputStream());
      threads.execute(() -> pump(fromClient, server, bytesUp, client));
      pump(server.getInputStream(), client, bytesDown, server);
    } catch (IOException unusable) {
      // The client is gone, or the server is down: for the client the same as a cut.
      reset(client);
    }
  }

  /** Copies until the end or until the bytes are used up, and then ends both connections. */
  private void pump(InputStream in, Socket to, int bytes, Socket from) {
    byte[] buffer = new byte[8192];
    int left = bytes;
    try {
      OutputStream out = to.getOutputStream();
      int read = in.read(buffer);
      while (read >= 0) {
        out.write(buffer, 0, Math.min(read, left));
        left -= read;
        if (left <= 0) {
          cuts.incrementAndGet();
          synchronized (random) {
            toRefuse.set(random.nextInt(MOST_REFUSED + 1));
          }
          break;
        }
        read = in.read(buffer);
      }
    } catch (IOException broken) {
      // The other direction was cut, or one side went away: both connections end below.
      left = 0;
    } finally {
      reset(from);
      reset(to);
    }
  }

  private int between(int fewest, int most) {
    return fewest + random.nextInt(most - fewest);
  }

  /** Ends a connection with a reset, so that nothing in its buffers arrives any more. */
  private void reset(Socket socket) {
    if (!open.remove(socket)) {
      // The other direction has ended it.
      return;
    }
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Set.copyOf(open).forEach(this::reset);
    threads.shutdownNow();
  }
}
