package org.tallyring.systemtests.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A file system of some hundred megabytes in memory, which can be filled to the last byte. */
public final class SmallDisk implements AutoCloseable {

  /**
   * Room for a bookie's journals and logs in an hour of load, and for what it keeps free. A bookie
   * that is killed again and again collects little of what it could: 512 MiB were full after 40
   * minutes.
   */
  private static final String SIZE = "1536m";

  private static final int CHUNK_BYTES = 1 << 16;

  private final Path directory;

  private SmallDisk(Path directory) {
    this.directory = directory;
  }

  /** A new one; empty where this process may not mount, which takes Linux and its superuser. */
  public static Optional<SmallDisk> mount() {
    try {
      Path directory = Files.createTempDirectory("tallyring-disk");
      if (run("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "tmpfs", directory.toString()) == 0) {
        return Optional.of(new SmallDisk(directory));
      }
      Files.delete(directory);
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it is. */
  public Path directory() {
    return directory;
  }

  private Path ballast() {
    return directory.resolve("ballast");
  }

  /** Leaves no room at all. */
  void fill() {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (OutputStream out = Files.newOutputStream(ballast())) {
      while (true) {
        out.write(chunk);
      }
    } catch (IOException full) {
      // As intended.
    }
  }

  /** Gives the room back. */
  void empty() {
    try {
      Files.deleteIfExists(ballast());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gone at once for everybody who comes later, and for good when nobody uses it any more. */
  @Override
  public void close() {
    try {
      run("umount", "--lazy", directory.toString());
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int run(String... command) throws IOException {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
