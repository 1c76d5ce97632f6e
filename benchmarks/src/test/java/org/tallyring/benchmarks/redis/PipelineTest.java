package org.tallyring.benchmarks.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.benchmarks.load.Outcomes;

/** The protocol, against a socket that plays Redis. */
final class PipelineTest {

  private static final byte[] MEMBER = ZipfKeys.key(1).getBytes(US_ASCII);

  private final Outcomes outcomes = new Outcomes();
  private final LongAdder acknowledged = new LongAdder();

  @SuppressWarnings("NullAway.Init")
  private ServerSocket listening;

  @SuppressWarnings("NullAway.Init")
  private RespConnection connection;

  @SuppressWarnings("NullAway.Init")
  private Socket redis;

  @BeforeEach
  void connect() throws IOException {
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    connection = RespConnection.to(listening.getLocalPort());
    redis = listening.accept();
  }

  @AfterEach
  void close() throws IOException {
    connection.close();
    redis.close();
    listening.close();
  }

  private Pipeline pipeline(Recipe recipe, int depth) {
    return new Pipeline(connection, recipe, "hash", depth, outcomes, acknowledged);
  }

  private void answer(String replies) throws IOException {
    redis.getOutputStream().write(replies.getBytes(US_ASCII));
  }

  private String received(int bytes) throws IOException {
    return new String(redis.getInputStream().readNBytes(bytes), US_ASCII);
  }

  @Test
  void anIncrementIsOneCommandForEachWindowAndAcknowledgedWithTheLastReply() throws IOException {
    Pipeline pipeline = pipeline(Recipe.SORTED_SETS, 10);
    String expected =
        String.join(
            "",
            Recipe.SETS.stream()
                .map(
                    set ->
                        new String(
                            RespConnection.encode("ZINCRBY", set, "1", ZipfKeys.key(1)), US_ASCII))
                .toList());

    pipeline.send(MEMBER, 1, 0, 0, false);
    pipeline.idle();

    assertThat(received(expected.length())).isEqualTo(expected);
    assertThat(acknowledged.sum()).isZero();
    answer("$1\r\n2\r\n$1\r\n2\r\n$1\r\n2\r\n$2\r\n17\r\n");
    pipeline.awaitAtMost(0);
    assertThat(acknowledged.sum()).isEqualTo(1);
  }

  @Test
  void theIdempotentScriptNamesEachEvent() throws IOException {
    Pipeline pipeline = pipeline(Recipe.IDEMPOTENT, 10);
    String expected =
        new String(
            RespConnection.encode(
                "EVALSHA",
                "hash",
                "5",
                Recipe.SETS.get(0),
                Recipe.SETS.get(1),
                Recipe.SETS.get(2),
                Recipe.SETS.get(3),
                "event:00000000000000ff",
                ZipfKeys.key(1),
                "3600"),
            US_ASCII);

    pipeline.send(MEMBER, 1, 255, 0, false);
    pipeline.idle();

    assertThat(received(expected.length())).isEqualTo(expected);
    answer(":1\r\n");
    pipeline.awaitAtMost(0);
    assertThat(acknowledged.sum()).isEqualTo(1);
  }

  @Test
  void atItsDepthASendWaitsForAnswers() throws Exception {
    Pipeline pipeline = pipeline(Recipe.IDEMPOTENT, 1);
    pipeline.send(MEMBER, 1, 0, 0, false);

    CompletableFuture<Void> second =
        CompletableFuture.runAsync(
            () -> {
              try {
                pipeline.send(MEMBER, 1, 1, 0, false);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    assertThat(second).isNotDone();
    answer(":1\r\n");
    second.get();
    assertThat(acknowledged.sum()).isEqualTo(1);
  }

  @Test
  void anErrorIsCountedByItsReasonAndNotAcknowledged() throws IOException {
    Pipeline pipeline = pipeline(Recipe.IDEMPOTENT, 10);
    pipeline.send(MEMBER, 1, 0, 0, false);

    answer("-OOM command not allowed\r\n");
    pipeline.awaitAtMost(0);

    assertThat(acknowledged.sum()).isZero();
    assertThat(outcomes.errors()).isEqualTo(Map.of("OOM", 1L));
  }

  @Test
  void aConnectionThatIsCutIsAFailure() throws IOException {
    Pipeline pipeline = pipeline(Recipe.IDEMPOTENT, 10);
    pipeline.send(MEMBER, 1, 0, 0, false);
    pipeline.idle();
    redis.close();

    assertThatThrownBy(() -> pipeline.awaitAtMost(0)).isInstanceOf(IOException.class);
  }
}
