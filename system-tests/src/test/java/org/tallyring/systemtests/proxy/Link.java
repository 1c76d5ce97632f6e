package org.tallyring.systemtests.proxy;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * The network between two processes: forwards TCP connections, until it is cut.
 *
 * <p>A cut link swallows nothing and says nothing, as a real partition: connections stay open, what
 * is on its way waits, nobody is told that the other side is gone, and a new connection gets no
 * answer. When it is healed, what waited arrives late; that late bytes of an old owner do no harm
 * is what fencing is about. Thread-safe.
 */
public final class Link implements AutoCloseable {

  private static final int CHUNK_BYTES = 64 << 10;
  private static final int BACKLOG = 200;

  private interface Route {
    Socket open(Socket client, InputStream fromClient) throws IOException;
  }

  private final ServerSocket listener;
  private final Route route;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "link");
            thread.setDaemon(true);
            return thread;
          });
  private final Object gate = new Object();
  private boolean isCut;
  private volatile long delayNanos;

  private Link(InetAddress address, int port, Route route) {
    this.route = route;
    try {
      listener = new ServerSocket(port, BACKLOG, address);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    threads.execute(this::accept);
  }

  /**
   * A link to one server.
   *
   * @param address where it listens, one of the loopback addresses
   * @param port where it listens, and where the server does on 127.0.0.1
   */
  public static Link to(InetAddress address, int port) {
    return new Link(
        address, port, (client, fromClient) -> new Socket(InetAddress.getLoopbackAddress(), port));
  }

  /** A link for clients of an HTTP proxy, to wherever each wants to go; on a port of its own. */
  public static Link ofHttpProxy() {
    return new Link(
        InetAddress.getLoopbackAddress(),
        0,
        (client, fromClient) -> {
          Socket server = ConnectHead.read(fromClient).connect();
          ConnectHead.accept(client.getOutputStream());
          return server;
        });
  }

  /** Where it listens. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Lets nothing through any more, in either direction. */
  public void cut() {
    synchronized (gate) {
      isCut = true;
    }
  }

  /** Lets through what waits and what comes, at once. */
  public void heal() {
    synchronized (gate) {
      isCut = false;
      delayNanos = 0;
      gate.notifyAll();
    }
  }

  /** Keeps each piece of up to 64 KiB, in each direction, for so long; until it is healed. */
  public void delay(Duration each) {
    delayNanos = each.toNanos();
  }

  private void passGate() throws IOException {
    synchronized (gate) {
      try {
        while (isCut) {
          gate.wait();
        }
      } catch (InterruptedException closed) {
        Thread.currentThread().interrupt();
        throw new IOException("link: closed", closed);
      }
    }
    if (delayNanos > 0) {
      LockSupport.parkNanos(delayNanos);
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        threads.execute(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try {
      passGate();
      InputStream fromClient = new BufferedInputStream(client.getInputStream(), CHUNK_BYTES);
      Socket server = route.open(client, fromClient);
      open.add(server);
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      threads.execute(() -> pump(fromClient, server, client));
      pump(server.getInputStream(), client, server);
    } catch (IOException unreachable) {
      // The server is down: for the client the same as a refused connection.
      end(client);
    }
  }

  private void pump(InputStream in, Socket to, Socket from) {
    byte[] buffer = new byte[CHUNK_BYTES];
    try {
      OutputStream out = to.getOutputStream();
      int read = in.read(buffer);
      while (read >= 0) {
        passGate();
        out.write(buffer, 0, read);
        read = in.read(buffer);
      }
    } catch (IOException broken) {
      // One side went away. The other hears of it below, as soon as the link lets it.
    }
    try {
      passGate();
    } catch (IOException closed) {
      // Closing ends everything at once.
    }
    end(from);
    end(to);
  }

  private void end(Socket socket) {
    open.remove(socket);
    try {
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
    threads.shutdownNow();
    Set.copyOf(open).forEach(this::end);
  }
}
