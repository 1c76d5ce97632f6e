package org.tallyring.benchmarks.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Huge pages are asked for only where the system gives them. */
final class HugePagesTest {

  @TempDir private Path directory;

  @Test
  void theyAreAskedForUnlessTheSystemNeverGivesThem() throws IOException {
    Path modes = directory.resolve("enabled");
    assertThat(HugePages.javaOptions(modes)).as("not Linux").isEmpty();

    Files.writeString(modes, "always madvise [never]\n");
    assertThat(HugePages.javaOptions(modes)).isEmpty();
    Files.writeString(modes, "always [madvise] never\n");
    assertThat(HugePages.javaOptions(modes)).containsExactly("-XX:+UseTransparentHugePages");
    Files.writeString(modes, "[always] madvise never\n");
    assertThat(HugePages.javaOptions(modes)).containsExactly("-XX:+UseTransparentHugePages");
  }
}
