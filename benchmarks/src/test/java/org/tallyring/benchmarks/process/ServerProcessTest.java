package org.tallyring.benchmarks.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever becomes of a server, nothing of it is left. */
final class ServerProcessTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path parent;

  @SuppressWarnings("NullAway.Init")
  private Path directory;

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = ServerProcess.directory(parent);
  }

  private ServerProcess start(String... command) throws IOException, InterruptedException {
    return ServerProcess.start(List.of(command), directory, "is ready", LIMIT);
  }

  @Test
  void aServerRunsInItsDirectoryUntilItIsClosed() throws Exception {
    ServerProcess server = start("sh", "-c", "echo kept >file; echo it is ready; exec sleep 300");

    assertThat(directory.resolve("file")).exists();
    assertThat(server.cpuNanos()).isNotNegative();
    server.close();
    assertThat(parent).isEmptyDirectory();
    assertThatThrownBy(server::cpuNanos).hasMessageContaining("ended");
  }

  @Test
  void whatAServerThatEndsAtOnceWroteIsTold() {
    assertThatThrownBy(() -> start("sh", "-c", "echo the port is taken >&2; exit 1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended at once")
        .hasMessageContaining("the port is taken");
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void aServerThatIsNotReadyInTimeIsEnded() {
    assertThatThrownBy(
            () ->
                ServerProcess.start(
                    List.of("sleep", "300"), directory, "is ready", Duration.ofMillis(100)))
        .hasMessageContaining("not ready within");
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void aProgramThatIsNotThereIsAFailure() {
    assertThatThrownBy(() -> start("/no/such/program")).isInstanceOf(IOException.class);
    assertThat(Files.exists(directory)).isFalse();
  }
}
