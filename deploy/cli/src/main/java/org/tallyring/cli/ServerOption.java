package org.tallyring.cli;

import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.server.ServerConnection;
import picocli.CommandLine.Option;

/** Which server to ask. */
final class ServerOption {

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "${env:TALLY_SERVER:-127.0.0.1:7070}",
      description = "The aggregator to ask. Default: TALLY_SERVER, else 127.0.0.1:7070.")
  private String server = "";

  HostPort address() {
    return HostPort.parse("--server", server);
  }

  ServerConnection connection() {
    return ServerConnection.to(address());
  }
}
