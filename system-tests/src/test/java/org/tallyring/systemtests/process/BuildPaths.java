package org.tallyring.systemtests.process;

import java.nio.file.Path;

/** Where the build put what the tests need. The POM sets the properties. */
public final class BuildPaths {

  private BuildPaths() {}

  /** The program: {@code tally.jar}, beside the {@code lib/} that its manifest names. */
  public static Path jar() {
    return path("tally.jar");
  }

  /** The root of the project: what its scripts and documents are relative to. */
  public static Path root() {
    return path("tally.root");
  }

  /** Where processes leave their data and logs. */
  public static Path work() {
    return path("tally.work");
  }

  /** The public data sets; may be absent. */
  public static Path data() {
    return path("tally.data");
  }

  private static Path path(String property) {
    String value = System.getProperty(property);
    if (value == null) {
      throw new IllegalStateException(property + ": not set (expected: run by Maven's failsafe)");
    }
    return Path.of(value).toAbsolutePath().normalize();
  }
}
