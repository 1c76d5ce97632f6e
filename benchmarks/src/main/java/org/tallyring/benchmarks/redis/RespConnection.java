package org.tallyring.benchmarks.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;

/**
 * A connection to a Redis on loopback, as far as a load needs its protocol: commands go into a
 * buffer, replies come back in their order. Used by one thread.
 */
final class RespConnection implements AutoCloseable {

  private static final int BUFFER_BYTES = 64 << 10;
  private static final byte[] END = {'\r', '\n'};

  private final Socket socket;
  private final OutputStream out;
  private final InputStream in;

  private RespConnection(Socket socket) throws IOException {
    this.socket = socket;
    out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
    in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
  }

  static RespConnection to(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    return new RespConnection(socket);
  }

  /** The bytes of a command. */
  static byte[] encode(String... words) {
    StringBuilder command = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      command.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    return command.toString().getBytes(US_ASCII);
  }

  /** Sends a command and waits for its reply; none may be under way. */
  String call(String... words) throws IOException {
    write(encode(words));
    flush();
    String reply = reply();
    if (reply.startsWith("-")) {
      throw new IOException("redis: " + words[0] + ": " + reply.substring(1));
    }
    return reply;
  }

  /** Puts bytes of commands into the buffer, which may send it. */
  void write(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  void flush() throws IOException {
    out.flush();
  }

  /** Whether a reply has begun to arrive. */
  boolean hasReply() throws IOException {
    return in.available() > 0;
  }

  /**
   * The next reply: the text of a status, number or string; of an error with its minus before it.
   *
   * @throws IOException if the connection is lost, or the reply is an array
   */
  String reply() throws IOException {
    String line = line();
    return switch (line.charAt(0)) {
      case '+', ':' -> line.substring(1);
      case '-' -> line;
      case '$' -> bulk(Integer.parseInt(line.substring(1)));
      default -> throw new IOException("reply: " + line + " (expected: no array)");
    };
  }

  private String bulk(int length) throws IOException {
    if (length < 0) {
      return "";
    }
    byte[] bytes = in.readNBytes(length + END.length);
    if (bytes.length < length + END.length) {
      throw new EOFException("redis: closed the connection");
    }
    return new String(bytes, 0, length, US_ASCII);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    int next = in.read();
    while (next != '\r') {
      if (next < 0) {
        throw new EOFException("redis: closed the connection");
      }
      line.append((char) next);
      next = in.read();
    }
    in.read();
    if (line.isEmpty()) {
      throw new IOException("reply: empty line (expected: a type)");
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
