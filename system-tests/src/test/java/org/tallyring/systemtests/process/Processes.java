package org.tallyring.systemtests.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * The processes of a test class. Registered as a static extension: it ends everything it started,
 * also when the test's own JVM is told to stop, and prints the ends of the logs when a test fails.
 * Thread-safe.
 */
public final class Processes
    implements BeforeAllCallback,
        AfterAllCallback,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  private static final int TAIL_LINES = 40;

  private final List<TallyProcess> started = new CopyOnWriteArrayList<>();
  private final AtomicInteger count = new AtomicInteger();
  private final Thread onExit = new Thread(this::endAll, "end-processes");
  private @Nullable Path directory;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path work = BuildPaths.work().resolve(context.getRequiredTestClass().getSimpleName());
    deleteTree(work);
    directory = Files.createDirectories(work);
    Runtime.getRuntime().addShutdownHook(onExit);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    endAll();
    Runtime.getRuntime().removeShutdownHook(onExit);
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    printTails();
    throw failure;
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    printTails();
    throw failure;
  }

  /** The test class's own directory, empty at its beginning. */
  public Path directory() {
    if (directory == null) {
      throw new IllegalStateException("processes: not begun (expected: a registered extension)");
    }
    return directory;
  }

  /**
   * Starts a command.
   *
   * @param name what to call it; its logs are named after it
   * @param jvmOptions how its JVM runs, for example its heap
   * @param arguments what would follow {@code tally} on a command line
   */
  public TallyProcess start(String name, List<String> jvmOptions, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ClassArchive.jvmOptions());
    command.addAll(jvmOptions);
    command.add("-jar");
    command.add(BuildPaths.jar().toString());
    command.addAll(arguments);
    return launch(name, command, directory(), Map.of());
  }

  /**
   * Starts a script for {@code bash}.
   *
   * @param workingDirectory where it runs
   * @param environment what it finds in its environment besides this process's own
   */
  public TallyProcess startScript(
      Path script, Path workingDirectory, Map<String, String> environment) {
    return launch("script", List.of("bash", script.toString()), workingDirectory, environment);
  }

  private TallyProcess launch(
      String name, List<String> command, Path workingDirectory, Map<String, String> environment) {
    String file = String.format("%03d-%s", count.incrementAndGet(), name);
    Path stdout = directory().resolve(file + ".out");
    Path stderr = directory().resolve(file + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(workingDirectory.toFile())
            .redirectOutput(stdout.toFile())
            .redirectError(stderr.toFile());
    builder.environment().putAll(environment);
    try {
      TallyProcess running = new TallyProcess(name, builder.start(), stdout, stderr);
      started.add(running);
      return running;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void endAll() {
    // The last first: clients before servers, servers before what they need.
    for (int i = started.size() - 1; i >= 0; i--) {
      if (started.get(i).isAlive()) {
        started.get(i).kill9();
      }
    }
  }

  private void printTails() {
    List<TallyProcess> all = List.copyOf(started);
    // The last few, what ended by itself and what still runs; a test may have run a hundred.
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).isAlive() || all.get(i).hasFailed() || i >= all.size() - 3) {
        System.out.println(all.get(i).tail(TAIL_LINES));
      }
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
