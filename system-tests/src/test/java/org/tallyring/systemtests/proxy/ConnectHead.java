package org.tallyring.systemtests.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * What a client of an HTTP proxy says first: {@code CONNECT host:port HTTP/1.1}, and headers.
 *
 * @param host where it wants to go
 * @param port the port there
 */
record ConnectHead(String host, int port) {

  /** Reads the whole head, and no byte of what follows it. */
  static ConnectHead read(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("connection: ended in the head (expected: CONNECT host:port)");
      }
      head.append((char) next);
    }
    String[] words = head.toString().split(" ", 3);
    if (!words[0].equals("CONNECT")) {
      throw new IOException("method: " + words[0] + " (expected: CONNECT)");
    }
    int colon = words[1].lastIndexOf(':');
    return new ConnectHead(
        words[1].substring(0, colon), Integer.parseInt(words[1].substring(colon + 1)));
  }

  /** A connection to where the client wants to go. */
  Socket connect() throws IOException {
    return new Socket(host, port);
  }

  /** Tells the client that it is through. */
  static void accept(OutputStream out) throws IOException {
    out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }
}
