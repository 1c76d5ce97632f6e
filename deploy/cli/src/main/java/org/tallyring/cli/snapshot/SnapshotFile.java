package org.tallyring.cli.snapshot;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableEnd;
import org.tallyring.proto.internal.v1.PortableHeader;

/**
 * A file that {@link SnapshotFileWriter} wrote, looked through from end to end before anything of
 * it is used.
 *
 * @param file the file
 * @param header what it says of itself
 * @param blocks how many blocks it has, the end not among them
 * @param crc32c over all of it but the end: tells one snapshot from another
 */
public record SnapshotFile(Path file, PortableHeader header, long blocks, int crc32c) {

  /** Larger than any block that a server makes. */
  private static final int MAX_BLOCK_BYTES = 4 << 20;

  /** Takes blocks. */
  @FunctionalInterface
  public interface BlockConsumer {
    /** Takes the next one. */
    void accept(ByteString block);
  }

  /**
   * Looks through a file.
   *
   * @throws DamagedFileException if it is no snapshot, not whole or changed
   * @throws IOException if it cannot be read
   */
  public static SnapshotFile check(Path file) throws IOException {
    PortableHeader[] header = {PortableHeader.getDefaultInstance()};
    long[] blocks = {0};
    int crc =
        read(
            file,
            block -> {
              if (blocks[0]++ == 0) {
                header[0] = headerOf(block);
              }
            });
    return new SnapshotFile(file, header[0], blocks[0], crc);
  }

  /** Gives all blocks but the end to a consumer. */
  public void forEach(BlockConsumer consumer) throws IOException {
    if (read(file, consumer) != crc32c) {
      throw new DamagedFileException(file, "it was changed meanwhile", "no change");
    }
  }

  private static PortableHeader headerOf(ByteString block) {
    try {
      return PortableBlock.parseFrom(block).getHeader();
    } catch (InvalidProtocolBufferException e) {
      return PortableHeader.getDefaultInstance();
    }
  }

  private static int read(Path file, BlockConsumer consumer) throws IOException {
    try (CheckedInputStream checked =
            new CheckedInputStream(
                new BufferedInputStream(Files.newInputStream(file), 1 << 16), new CRC32C());
        DataInputStream in = new DataInputStream(checked)) {
      readBeginning(file, in);
      for (long blocks = 0; ; blocks++) {
        int crc = (int) checked.getChecksum().getValue();
        ByteString block = readBlock(file, in, blocks);
        PortableBlock parsed = parse(file, block, blocks);
        if (parsed.hasHeader() != (blocks == 0)) {
          throw new DamagedFileException(file, "its header is not its first block", "one header");
        }
        if (parsed.hasEnd()) {
          checkEnd(file, parsed.getEnd(), blocks, crc, in.read() < 0);
          return crc;
        }
        consumer.accept(block);
      }
    } catch (EOFException e) {
      throw new DamagedFileException(file, "it ends early", "a whole file");
    }
  }

  private static void readBeginning(Path file, DataInputStream in) throws IOException {
    byte[] magic = in.readNBytes(SnapshotFileWriter.MAGIC.length());
    if (!new String(magic, StandardCharsets.ISO_8859_1).equals(SnapshotFileWriter.MAGIC)) {
      throw new DamagedFileException(file, "it is no snapshot", "a file of `snapshot export`");
    }
    int version = in.readInt();
    if (version != SnapshotFileWriter.VERSION) {
      throw new DamagedFileException(
          file, "version " + version, Integer.toString(SnapshotFileWriter.VERSION));
    }
  }

  private static ByteString readBlock(Path file, DataInputStream in, long number)
      throws IOException {
    int length = in.readInt();
    int expected = in.readInt();
    if (length < 0 || length > MAX_BLOCK_BYTES) {
      throw new DamagedFileException(
          file, "block " + number + " has " + length + " bytes", "at most " + MAX_BLOCK_BYTES);
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    if ((int) checksum.getValue() != expected) {
      throw new DamagedFileException(
          file,
          "block %d has CRC-32C %08x".formatted(number, (int) checksum.getValue()),
          "%08x".formatted(expected));
    }
    return ByteString.copyFrom(bytes);
  }

  private static PortableBlock parse(Path file, ByteString block, long number)
      throws DamagedFileException {
    try {
      return PortableBlock.parseFrom(block);
    } catch (InvalidProtocolBufferException e) {
      throw new DamagedFileException(file, "block " + number + " cannot be read", "a block");
    }
  }

  private static void checkEnd(
      Path file, PortableEnd end, long blocks, int crc, boolean nothingFollows)
      throws DamagedFileException {
    if (end.getBlocks() != blocks || !nothingFollows) {
      throw new DamagedFileException(
          file,
          blocks + " blocks" + (nothingFollows ? "" : " and something behind its end"),
          Long.toString(end.getBlocks()));
    }
    if (end.getCrc32C() != crc) {
      throw new DamagedFileException(
          file, "CRC-32C %08x".formatted(crc), "%08x".formatted(end.getCrc32C()));
    }
  }

  /** A file is no snapshot, or no whole and unchanged one. */
  public static final class DamagedFileException extends IOException {

    private static final long serialVersionUID = 1L;

    DamagedFileException(Path file, String what, String expected) {
      super(file + ": " + what + " (expected: " + expected + ")");
    }
  }
}
