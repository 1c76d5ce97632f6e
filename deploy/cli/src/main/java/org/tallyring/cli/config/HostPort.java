package org.tallyring.cli.config;

import org.tallyring.cli.failure.CliException;

/**
 * Where something listens.
 *
 * @param host a name or an address; an IPv6 address without its brackets
 * @param port 1-65535
 */
public record HostPort(String host, int port) {

  /** The rule, for messages. */
  public static final String RULE = "HOST:PORT, for example 127.0.0.1:7070";

  private static final String HTTP = "http://";

  /**
   * Reads {@code host:port} or {@code [ipv6]:port}. The address that a server prints when it is
   * ready, {@code http://host:port}, is understood too, because people copy it.
   *
   * @param name what it is for, for the message
   * @throws CliException if it is neither
   */
  public static HostPort parse(String name, String text) {
    String address = text.startsWith(HTTP) ? text.substring(HTTP.length()) : text;
    if (address.endsWith("/")) {
      address = address.substring(0, address.length() - 1);
    }
    int colon = address.lastIndexOf(':');
    if (colon <= 0) {
      throw CliException.usage(name, text, RULE);
    }
    String host = address.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (bracketed) {
      host = host.substring(1, host.length() - 1);
    }
    int port = port(address.substring(colon + 1));
    boolean plain = host.chars().noneMatch(c -> c <= ' ' || c == '/' || c == '[' || c == ']');
    if (port < 1 || host.isEmpty() || !plain || bracketed != host.contains(":")) {
      throw CliException.usage(name, text, RULE);
    }
    return new HostPort(host, port);
  }

  /** The port, or 0 if the text is not one. */
  private static int port(String text) {
    boolean digits = text.chars().allMatch(c -> c >= '0' && c <= '9');
    if (text.isEmpty() || text.length() > 5 || !digits) {
      return 0;
    }
    int port = Integer.parseInt(text);
    return port <= 65_535 ? port : 0;
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
  }
}
