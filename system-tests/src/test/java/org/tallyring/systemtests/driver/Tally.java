package org.tallyring.systemtests.driver;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.tallyring.systemtests.dataset.DataSet;
import org.tallyring.systemtests.process.Processes;
import org.tallyring.systemtests.process.TallyProcess;

/** The {@code tally} command of a user, against one cluster. Thread-safe. */
public final class Tally {

  /**
   * Enough for a replay; the compiler that most of a short command's time would go to is left out.
   */
  private static final List<String> REPLAY_JVM = List.of("-Xmx256m");

  private static final List<String> QUERY_JVM =
      List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

  private static final Duration QUERY_LIMIT = Duration.ofSeconds(60);

  private final Processes processes;
  private final String server;

  /**
   * A command line.
   *
   * @param server the aggregator, {@code host:port}
   */
  public Tally(Processes processes, String server) {
    this.processes = processes;
    this.server = server;
  }

  /**
   * What a command said.
   *
   * @param exitCode 0 done, 1 failed, 2 wrong usage, 3 done but some input was rejected
   * @param stdout what it wrote for others to read
   * @param stderr what it wrote for people
   */
  public record Outcome(int exitCode, String stdout, String stderr) {

    /** The lines of the standard output. */
    public List<String> lines() {
      return stdout.lines().toList();
    }

    /** The last line of the standard output; empty if there is none. */
    public String lastLine() {
      List<String> lines = lines();
      return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }
  }

  /** Runs a command to its end. */
  public Outcome run(String verb, String... options) {
    return outcome(start(verb, QUERY_JVM, List.of(options)), QUERY_LIMIT);
  }

  /** Makes a namespace for a data set, in which every hour of its years is kept. */
  public Outcome createArchive(DataSet set, String namespace) {
    return run(
        "namespace",
        "create",
        namespace,
        "--metrics",
        String.join(",", set.truth().counts().keySet()),
        "--retention",
        "hour=10000d,day=10000d");
  }

  /** Replays a file to its end into a namespace that is made if it is missing. */
  public Outcome replay(DataSet set, String namespace, Duration atMost) {
    return outcome(startReplay(set, namespace, set.file().toString(), List.of()), atMost);
  }

  /** Replays a file of the test's own, with options that say how to read it. */
  public Outcome replay(Path file, String namespace, String... options) {
    List<String> all = new ArrayList<>(List.of("--namespace", namespace, "--create"));
    all.addAll(List.of(options));
    all.add(file.toString());
    return outcome(start("replay", REPLAY_JVM, all), QUERY_LIMIT);
  }

  /** Begins to replay a file, and does not wait. */
  public TallyProcess startReplay(DataSet set, String namespace) {
    return startReplay(set, namespace, set.file().toString(), List.of());
  }

  /** Begins to replay the lines that the test will write to the process, and does not wait. */
  public TallyProcess startReplayOfStdin(DataSet set, String namespace) {
    return startReplay(set, namespace, "-", List.of());
  }

  /** Begins to replay a file over connections that go through an HTTP proxy, and does not wait. */
  public TallyProcess startReplayThrough(int proxyPort, DataSet set, String namespace) {
    // An empty list of exceptions: without it Java would connect to the loopback address directly.
    List<String> throughProxy =
        List.of(
            "-Dhttps.proxyHost=127.0.0.1",
            "-Dhttps.proxyPort=" + proxyPort,
            "-Dhttp.nonProxyHosts=");
    return startReplay(set, namespace, set.file().toString(), throughProxy);
  }

  private TallyProcess startReplay(
      DataSet set, String namespace, String file, List<String> jvmOptions) {
    List<String> options = new ArrayList<>(List.of("--namespace", namespace, "--create"));
    options.addAll(set.replayOptions());
    options.add(file);
    return start(
        "replay", Stream.concat(REPLAY_JVM.stream(), jvmOptions.stream()).toList(), options);
  }

  /** Waits for the end of a command that was begun. */
  public Outcome outcome(TallyProcess process, Duration atMost) {
    int exitCode = process.awaitExit(atMost);
    return new Outcome(exitCode, process.stdout(), process.stderr());
  }

  private TallyProcess start(String verb, List<String> jvmOptions, List<String> options) {
    List<String> arguments = new ArrayList<>(List.of(verb));
    arguments.addAll(options);
    arguments.addAll(List.of("--server", server));
    return processes.start(verb, jvmOptions, arguments);
  }
}
