package org.tallyring.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.cli.failure.CliException;

final class InputFileTest {

  @TempDir Path directory;

  @Test
  void aPackedFileIsUnpackedWhateverItsName() throws IOException {
    Path file = Files.write(directory.resolve("plain.csv"), gzip("packed"));
    AtomicLong stored = new AtomicLong();

    try (InputStream in =
        InputFile.of(file.toString(), InputStream.nullInputStream()).open(stored::set)) {
      assertThat(in.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("packed");
    }
    assertThat(stored).hasValue(Files.size(file));
  }

  @Test
  void aPlainFileIsReadAsItIs() throws IOException {
    Path file = Files.writeString(directory.resolve("f"), "x");

    try (InputStream in = InputFile.of(file.toString(), InputStream.nullInputStream()).open()) {
      assertThat(in.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("x");
    }
  }

  @Test
  void severalPackedPartsOnAPipeAreOneFile() throws IOException {
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    parts.writeBytes(gzip("one "));
    parts.writeBytes(gzip("two"));

    try (InputStream in = InputFile.of("-", new Trickle(parts.toByteArray())).open()) {
      assertThat(in.readAllBytes()).asString(StandardCharsets.UTF_8).isEqualTo("one two");
    }
  }

  @Test
  void whatCannotBeOpenedIsAFailure() {
    InputStream none = InputStream.nullInputStream();

    assertThatThrownBy(() -> InputFile.of(directory.resolve("absent").toString(), none))
        .isInstanceOf(CliException.class)
        .hasMessageContaining("there is no such file");
    assertThatThrownBy(() -> InputFile.of(directory.toString(), none))
        .isInstanceOf(CliException.class)
        .hasMessageContaining("it is a directory");
  }

  static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  /** A pipe whose writer is slow: a byte at a time, and never anything available. */
  private static final class Trickle extends FilterInputStream {
    Trickle(byte[] bytes) {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return super.read(bytes, offset, Math.min(1, length));
    }

    @Override
    public int available() {
      return 0;
    }
  }
}
