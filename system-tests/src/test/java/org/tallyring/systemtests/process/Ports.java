package org.tallyring.systemtests.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Random;

/** Finds ports of the loopback address that nobody listens on. */
public final class Ports {

  /**
   * Below the ports that Linux gives to outgoing connections, any of which could take one of ours.
   */
  private static final int LOWEST = 20_000;

  private static final int HIGHEST = 31_000;

  private static final Random RANDOM = new Random();

  private Ports() {}

  /**
   * A base port from which a whole cluster can be laid out.
   *
   * @param offsets the ports that have to be free, counted from the base
   */
  public static int base(int... offsets) {
    for (int attempt = 0; attempt < 200; attempt++) {
      int base = LOWEST + RANDOM.nextInt(HIGHEST - LOWEST);
      if (areFree(base, offsets)) {
        return base;
      }
    }
    throw new IllegalStateException("ports: no free base found (expected: some free ports)");
  }

  private static boolean areFree(int base, int... offsets) {
    for (int offset : offsets) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), base + offset));
      } catch (IOException taken) {
        return false;
      }
    }
    return true;
  }
}
