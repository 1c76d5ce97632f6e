package org.tallyring.standalone;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A directory with the data of one cluster on this machine, locked for as long as this process
 * lives. The lock also proves that an earlier process on it is dead, so that what that one left
 * registered may be replaced at once.
 */
final class DataDirectory implements AutoCloseable {

  private final Path root;
  private final FileChannel lockFile;

  private DataDirectory(Path root, FileChannel lockFile) {
    this.root = root;
    this.lockFile = lockFile;
  }

  /**
   * Creates the directory if it is absent, and locks it.
   *
   * @throws IOException if it cannot be used, or another process uses it
   */
  static DataDirectory lock(Path root) throws IOException {
    Files.createDirectories(root);
    FileChannel file =
        FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!tryLock(file)) {
      file.close();
      throw new IOException(
          "data: "
              + root
              + " is in use by another process (expected: stop it, or name another --data)");
    }
    return new DataDirectory(root, file);
  }

  /** The lock lasts until the file is closed. */
  private static boolean tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  Path zooKeeper() {
    return root.resolve("zookeeper");
  }

  Path bookie() {
    return root.resolve("bookie");
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
