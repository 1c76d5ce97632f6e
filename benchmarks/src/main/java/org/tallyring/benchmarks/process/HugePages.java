package org.tallyring.benchmarks.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The pages that a server's heap is in: huge ones where they can be had, as {@code tally} does. */
final class HugePages {

  /** The mode in brackets is the one in force. Linux has the file, and no other has the option. */
  private static final Path MODES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private HugePages() {}

  /** What to start a virtual machine with; it would complain where an administrator said never. */
  static List<String> javaOptions() {
    return javaOptions(MODES);
  }

  static List<String> javaOptions(Path modes) {
    try {
      String told = Files.readString(modes);
      return told.contains("[always]") || told.contains("[madvise]")
          ? List.of("-XX:+UseTransparentHugePages")
          : List.of();
    } catch (IOException none) {
      return List.of();
    }
  }
}
