package org.tallyring.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.process.StandaloneProcess;
import org.tallyring.cli.failure.CliException;
import org.tallyring.topology.range.RangeTable;
import picocli.CommandLine.Option;

/** The cluster that a load starts for itself. */
final class BenchClusterOptions {

  private static final String DEFAULT_HEAP = "4g";
  private static final int DEFAULT_SHARDS = 3;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      description = "The heap of the fresh cluster. Default: " + DEFAULT_HEAP + ".")
  private @Nullable String heap;

  @Option(
      names = "--java-opts",
      paramLabel = "OPTIONS",
      description = "Further options of the fresh cluster's virtual machine, in one word.")
  private @Nullable String javaOptions;

  @Option(
      names = "--shards",
      paramLabel = "N",
      description = "How many shards the fresh cluster has. Default: " + DEFAULT_SHARDS + ".")
  private @Nullable Integer shards;

  @Option(
      names = "--ranges",
      paramLabel = "N",
      description = {
        "Into how many ranges the fresh cluster's keys are cut, a power of two, 1 to 4096."
            + " Default: 64.",
        "Few are faster on few cores."
      })
  private @Nullable Integer ranges;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "Where the fresh cluster's own directory is made, and deleted. Default: that for temporary"
            + " files.",
        "The disk that it is on decides the figures."
      })
  private @Nullable Path data;

  /** How to start it. */
  StandaloneProcess.Settings settings() {
    int count = ClusterSize.shards(shards == null ? DEFAULT_SHARDS : shards);
    int parts = ClusterSize.ranges(ranges == null ? RangeTable.DEFAULT_RANGE_COUNT : ranges);
    try {
      return new StandaloneProcess.Settings(
          jar(),
          heap == null ? DEFAULT_HEAP : heap,
          javaOptions == null || javaOptions.isBlank()
              ? List.of()
              : Arrays.asList(javaOptions.strip().split("\\s+")),
          count,
          parts,
          data == null ? null : data.toAbsolutePath());
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--" + e.getMessage());
    }
  }

  /** For a cluster that runs already there is nothing to choose. */
  void refuse() {
    if (heap != null || javaOptions != null || shards != null || ranges != null || data != null) {
      throw CliException.usage(
          "--heap, --java-opts, --shards, --ranges and --data: with --server (expected: without, they are"
              + " for a fresh cluster)");
    }
  }

  /** This program, to be started once more. */
  private static Path jar() {
    try {
      Path jar = Path.of(Tally.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      if (!Files.isRegularFile(jar)) {
        throw CliException.failed("this program is not run from its jar; name a --server");
      }
      return jar;
    } catch (URISyntaxException e) {
      throw CliException.failed("cannot find the jar of this program", e);
    }
  }
}
