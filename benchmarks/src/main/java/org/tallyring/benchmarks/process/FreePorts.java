package org.tallyring.benchmarks.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;

/** Finds ports of the loopback address that nobody listens on. */
public final class FreePorts {

  /** Below the ports that systems give to outgoing connections, any of which could take one. */
  private static final int LOWEST = 20_000;

  private static final int HIGHEST = 31_000;
  private static final int ATTEMPTS = 200;

  private FreePorts() {}

  /**
   * A port.
   *
   * @param following how many ports after it have to be free too
   */
  public static int find(int following) {
    Random random = new Random();
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int first = LOWEST + random.nextInt(HIGHEST - LOWEST);
      if (areFree(first, first + following)) {
        return first;
      }
    }
    throw new IllegalStateException("ports: none free (expected: some free ports of loopback)");
  }

  private static boolean areFree(int first, int last) {
    for (int port = first; port <= last; port++) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (IOException taken) {
        return false;
      }
    }
    return true;
  }
}
