package org.tallyring.cli.snapshot;

import com.google.protobuf.ByteString;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableEnd;

/**
 * Writes a snapshot's blocks to a file that is there whole or not at all: what is being written has
 * another name. Not thread-safe.
 *
 * <p>The layout, numbers from the top byte down: 8 bytes {@code TALLYSNP}; 4 bytes with the
 * layout's number, 1; then blocks, each as 4 bytes with its length, 4 bytes with the CRC-32C of its
 * bytes, and its bytes, a {@code PortableBlock}. The last block says how many there are before it
 * and the CRC-32C over all of the file before it.
 */
public final class SnapshotFileWriter implements AutoCloseable {

  /** What the file begins with. */
  static final String MAGIC = "TALLYSNP";

  /** The layout's number. */
  static final int VERSION = 1;

  private final Path file;
  private final Path partial;
  private final CheckedOutputStream checked;
  private final DataOutputStream out;
  private long blocks;
  private boolean finished;

  private SnapshotFileWriter(Path file, Path partial, OutputStream stream) throws IOException {
    this.file = file;
    this.partial = partial;
    this.checked = new CheckedOutputStream(new BufferedOutputStream(stream, 1 << 16), new CRC32C());
    this.out = new DataOutputStream(checked);
    out.writeBytes(MAGIC);
    out.writeInt(VERSION);
  }

  /**
   * Begins a file.
   *
   * @throws IOException if it exists or cannot be made
   */
  public static SnapshotFileWriter create(Path file) throws IOException {
    if (Files.exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    return new SnapshotFileWriter(
        file,
        partial,
        Files.newOutputStream(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE));
  }

  /** Adds a block, as it came. */
  public void write(ByteString block) throws IOException {
    CRC32C checksum = new CRC32C();
    checksum.update(block.asReadOnlyByteBuffer());
    out.writeInt(block.size());
    out.writeInt((int) checksum.getValue());
    block.writeTo(out);
    blocks++;
  }

  /** Makes the file whole, on stable storage and under its name. */
  public void finish() throws IOException {
    int crc = (int) checked.getChecksum().getValue();
    write(
        PortableBlock.newBuilder()
            .setEnd(PortableEnd.newBuilder().setBlocks(blocks).setCrc32C(crc))
            .build()
            .toByteString());
    out.close();
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    finished = true;
  }

  /** Takes back what was not finished. */
  @Override
  public void close() throws IOException {
    if (!finished) {
      out.close();
      Files.deleteIfExists(partial);
    }
  }
}
