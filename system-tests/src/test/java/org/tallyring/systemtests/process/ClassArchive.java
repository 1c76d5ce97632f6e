package org.tallyring.systemtests.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The class-data archive that {@code bin/tally} makes at its first run, made here if it is not
 * there yet: tests start some two hundred JVMs, and each starts in half the time with it. It is
 * made of the classes that a standalone cluster loads. Whatever goes wrong with it, processes start
 * without.
 */
final class ClassArchive {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final List<String> OPTIONS = options();

  private ClassArchive() {}

  /** What tells a JVM to use it; nothing if there is none. */
  static List<String> jvmOptions() {
    return OPTIONS;
  }

  private static List<String> options() {
    Path jar = BuildPaths.jar();
    Path archive = jar.resolveSibling("tally-" + System.getProperty("java.version") + ".jsa");
    try {
      if (!isFresh(archive, jar)) {
        make(archive, jar);
      }
      return List.of(
          "-XX:SharedArchiveFile=" + archive,
          "-Xshare:auto",
          "-Xlog:disable",
          "-Xlog:all=error:stderr");
    } catch (IOException e) {
      System.out.println("class-data archive: none, so processes start slowly (" + e + ")");
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private static boolean isFresh(Path archive, Path jar) throws IOException {
    if (!Files.exists(archive)) {
      return false;
    }
    FileTime made = Files.getLastModifiedTime(archive);
    try (Stream<Path> files = Files.walk(jar.getParent())) {
      for (Path file : files.filter(each -> each.toString().endsWith(".jar")).toList()) {
        if (Files.getLastModifiedTime(file).compareTo(made) > 0) {
          return false;
        }
      }
    }
    return true;
  }

  private static void make(Path archive, Path jar) throws IOException, InterruptedException {
    Path work = Files.createDirectories(BuildPaths.work().resolve("class-archive"));
    Path classes = work.resolve("classes");
    Path output = work.resolve("standalone.out");
    Process cluster =
        java(
            output,
            "-Xmx400m",
            "-XX:DumpLoadedClassList=" + classes,
            "-jar",
            jar.toString(),
            "standalone",
            "--data",
            work.resolve("data-" + System.nanoTime()).toString(),
            "--port",
            Integer.toString(Ports.base(0, 1, 2, 3, 20)));
    long begun = System.nanoTime();
    while (!Files.readString(output).contains("is ready")) {
      if (!cluster.isAlive() || System.nanoTime() - begun > LIMIT.toNanos()) {
        cluster.destroyForcibly();
        throw new IOException("no cluster to list the classes of: " + Files.readString(output));
      }
      cluster.waitFor(50, TimeUnit.MILLISECONDS);
    }
    cluster.destroy();
    cluster.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS);
    Path made = work.resolve("tally.jsa");
    Process dump =
        java(
            work.resolve("dump.out"),
            "-Xshare:dump",
            "-XX:SharedClassListFile=" + classes,
            "-XX:SharedArchiveFile=" + made,
            "-Xlog:disable",
            "-jar",
            jar.toString());
    if (!dump.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || dump.exitValue() != 0) {
      dump.destroyForcibly();
      throw new IOException("the JVM made none; see " + work.resolve("dump.out"));
    }
    Files.move(made, archive, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Process java(Path output, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }
}
