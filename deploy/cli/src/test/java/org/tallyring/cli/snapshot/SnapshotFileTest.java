package org.tallyring.cli.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.cli.snapshot.SnapshotFile.DamagedFileException;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableChunk;
import org.tallyring.proto.internal.v1.PortableHeader;

class SnapshotFileTest {

  @TempDir Path directory;

  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("monday.tally");
  }

  private static List<ByteString> blocks() {
    List<ByteString> blocks = new ArrayList<>();
    blocks.add(
        PortableBlock.newBuilder()
            .setHeader(PortableHeader.newBuilder().setFormat(1).setName("monday").addPartKeys(3))
            .build()
            .toByteString());
    for (int i = 0; i < 3; i++) {
      blocks.add(
          PortableBlock.newBuilder()
              .setChunk(
                  PortableChunk.newBuilder()
                      .setPart(i)
                      .setPieces(ByteString.copyFromUtf8("pieces " + i)))
              .build()
              .toByteString());
    }
    return blocks;
  }

  private byte[] write() throws IOException {
    try (SnapshotFileWriter writer = SnapshotFileWriter.create(file)) {
      for (ByteString block : blocks()) {
        writer.write(block);
      }
      writer.finish();
    }
    return Files.readAllBytes(file);
  }

  @Test
  void givesBackTheBlocksThatWereWritten() throws IOException {
    write();

    SnapshotFile read = SnapshotFile.check(file);
    List<ByteString> blocks = new ArrayList<>();
    read.forEach(blocks::add);

    assertThat(read.header().getName()).isEqualTo("monday");
    assertThat(blocks).isEqualTo(blocks()).hasSize((int) read.blocks());
  }

  @Test
  void refusesAFileThatEndsAtAnyEarlierByte() throws IOException {
    byte[] whole = write();
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SnapshotFile.check(file))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(DamagedFileException.class);
    }
  }

  @Test
  void refusesAFileInWhichAnyBitIsAnother() throws IOException {
    byte[] whole = write();
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, flipped);
      assertThatThrownBy(() -> SnapshotFile.check(file))
          .as("bit %d of byte %d of %d", bit % 8, bit / 8, whole.length)
          .isInstanceOf(DamagedFileException.class);
    }
  }

  @Test
  void refusesAFileWhoseBlocksHaveChangedPlaces() throws IOException {
    byte[] whole = write();
    // The magic and the version, then the header block and two chunks of one length.
    int first = 12 + 8 + blocks().get(0).size();
    int length = 8 + blocks().get(1).size();
    byte[] swapped = whole.clone();
    System.arraycopy(whole, first, swapped, first + length, length);
    System.arraycopy(whole, first + length, swapped, first, length);
    Files.write(file, swapped);

    assertThatThrownBy(() -> SnapshotFile.check(file))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining("CRC-32C");
  }

  @Test
  void refusesAFileWithSomethingBehindItsEnd() throws IOException {
    byte[] whole = write();
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));

    assertThatThrownBy(() -> SnapshotFile.check(file))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageContaining("behind its end");
  }

  @Test
  void refusesAnotherVersionAndAnotherKindOfFile() throws IOException {
    byte[] whole = write();
    whole[11] = 2;
    Files.write(file, whole);
    assertThatThrownBy(() -> SnapshotFile.check(file))
        .hasMessage(file + ": version 2 (expected: 1)");

    Files.writeString(file, "key,time\na,2024-05-01T10:00:00Z\n");
    assertThatThrownBy(() -> SnapshotFile.check(file)).hasMessageContaining("is no snapshot");
  }

  @Test
  void leavesNoFileThatIsNotWhole() throws IOException {
    try (SnapshotFileWriter writer = SnapshotFileWriter.create(file)) {
      writer.write(blocks().get(0));
    }

    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void writesOverNoFile() throws IOException {
    write();

    assertThatThrownBy(() -> SnapshotFileWriter.create(file))
        .isInstanceOf(FileAlreadyExistsException.class);
  }
}
