package org.tallyring.cli;

import org.tallyring.cli.failure.CliException;
import org.tallyring.standalone.StandaloneSettings;

/** Checks how large a cluster in one process is to be, as options say it. */
final class ClusterSize {

  private ClusterSize() {}

  /**
   * The number of shards itself.
   *
   * @throws CliException if a process does not take so many
   */
  static int shards(int shards) {
    if (shards < 1 || shards > StandaloneSettings.MAX_SHARDS) {
      throw CliException.usage("--shards", shards, "1-" + StandaloneSettings.MAX_SHARDS);
    }
    return shards;
  }

  /**
   * The number of ranges itself.
   *
   * @throws CliException if a ring is not cut into so many
   */
  static int ranges(int ranges) {
    if (!StandaloneSettings.isRangeCount(ranges)) {
      throw CliException.usage(
          "--ranges", ranges, "a power of two, 1-" + StandaloneSettings.MAX_RANGES);
    }
    return ranges;
  }
}
