package org.tallyring.systemtests.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LinkTest {

  private static final int SHORT_MILLIS = 100;

  @SuppressWarnings("NullAway.Init")
  private ServerSocket server;

  @SuppressWarnings("NullAway.Init")
  private Link link;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    link = Link.to(InetAddress.getByAddress(new byte[] {127, 0, 0, 9}), server.getLocalPort());
  }

  @AfterEach
  void stop() throws IOException {
    link.close();
    server.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 9}), link.port());
    socket.setSoTimeout(SHORT_MILLIS);
    return socket;
  }

  @Test
  void bytesPassInBothDirections() throws IOException {
    try (Socket client = connect();
        Socket accepted = server.accept()) {
      client.getOutputStream().write('a');
      assertThat(accepted.getInputStream().read()).isEqualTo('a');
      accepted.getOutputStream().write('b');
      client.setSoTimeout(0);
      assertThat(client.getInputStream().read()).isEqualTo('b');
    }
  }

  @Test
  void whatIsSentOverACutLinkArrivesWhenItIsHealed() throws IOException {
    try (Socket client = connect();
        Socket accepted = server.accept()) {
      accepted.setSoTimeout(SHORT_MILLIS);
      link.cut();
      client.getOutputStream().write('a');
      assertThatThrownBy(() -> accepted.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);

      link.heal();
      accepted.setSoTimeout(0);
      assertThat(accepted.getInputStream().read()).isEqualTo('a');
    }
  }

  @Test
  void aCutLinkTellsNobodyThatTheOtherSideIsGone() throws IOException {
    try (Socket client = connect()) {
      Socket accepted = server.accept();
      link.cut();
      accepted.close();
      assertThatThrownBy(() -> client.getInputStream().read())
          .isInstanceOf(SocketTimeoutException.class);

      link.heal();
      client.setSoTimeout(0);
      assertThat(client.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aClientOfTheHttpProxyGetsWhereItWants() throws IOException {
    try (Link proxy = Link.ofHttpProxy();
        Socket client = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      String head = "CONNECT 127.0.0.1:" + server.getLocalPort() + " HTTP/1.1\r\n\r\nx";
      client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      try (Socket accepted = server.accept()) {
        assertThat(accepted.getInputStream().read()).isEqualTo('x');
      }
      byte[] answer = client.getInputStream().readNBytes("HTTP/1.1 200 OK\r\n\r\n".length());
      assertThat(new String(answer, StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 200");
    }
  }
}
