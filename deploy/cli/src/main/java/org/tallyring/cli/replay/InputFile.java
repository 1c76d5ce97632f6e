package org.tallyring.cli.replay;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;

/**
 * A file to read, or standard input. What is compressed by gzip is known by its first two bytes and
 * not by its name.
 */
public final class InputFile {

  private static final String STDIN = "-";

  private final String name;
  private final @Nullable Path path;
  private final InputStream stdin;

  private InputFile(String name, @Nullable Path path, InputStream stdin) {
    this.name = name;
    this.path = path;
    this.stdin = stdin;
  }

  /**
   * A file by its name; {@code -} is {@code stdin}.
   *
   * @throws CliException if it cannot be opened
   */
  public static InputFile of(String name, InputStream stdin) {
    if (name.equals(STDIN)) {
      return new InputFile(name, null, stdin);
    }
    try {
      Path path = Path.of(name);
      if (Files.isDirectory(path)) {
        throw CliException.failed("cannot read " + name + ": it is a directory");
      }
      if (!Files.exists(path)) {
        throw CliException.failed("cannot read " + name + ": there is no such file");
      }
      if (!Files.isReadable(path)) {
        throw CliException.failed("cannot read " + name + ": it may not be read by this user");
      }
      return new InputFile(name, path, stdin);
    } catch (InvalidPathException e) {
      throw CliException.failed("cannot read " + name + ": " + e.getReason(), e);
    }
  }

  /** As it was given. */
  public String name() {
    return name;
  }

  /** Whether it can be opened more than once. */
  boolean isRegular() {
    return path != null && Files.isRegularFile(path);
  }

  /** Its size in bytes as it is stored; 0 if that is not known. */
  long size() throws IOException {
    return path != null && isRegular() ? Files.size(path) : 0;
  }

  /**
   * Opens it, unpacked.
   *
   * @param progress is told how many stored bytes have been read, at each read
   */
  InputStream open(LongConsumer progress) throws IOException {
    InputStream raw = path == null ? stdin : Files.newInputStream(path);
    try {
      Peekable in = new Peekable(new Counting(raw, progress));
      return in.startsWithGzip() ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** Opens it, unpacked. */
  public InputStream open() throws IOException {
    return open(bytes -> {});
  }

  private static final class Counting extends FilterInputStream {
    private final LongConsumer progress;
    private long total;

    Counting(InputStream in, LongConsumer progress) {
      super(in);
      this.progress = progress;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      if (read > 0) {
        total += read;
        progress.accept(total);
      }
      return read;
    }
  }

  private static final class Peekable extends BufferedInputStream {
    Peekable(InputStream in) {
      super(in, 1 << 16);
    }

    synchronized boolean startsWithGzip() throws IOException {
      mark(2);
      boolean gzip = read() == 0x1F && read() == 0x8B;
      reset();
      return gzip;
    }

    /**
     * GZIPInputStream looks for a further gzip member only if something is available, and would end
     * early on a pipe that has nothing ready; so this waits for the answer.
     */
    @Override
    public synchronized int available() throws IOException {
      mark(1);
      boolean more = read() >= 0;
      reset();
      return more ? Math.max(1, super.available()) : 0;
    }
  }
}
