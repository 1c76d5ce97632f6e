package org.tallyring.shardserver.coordination;

import org.tallyring.topology.range.RangeTable;

/**
 * How to reach a cluster's coordination, and how to create the cluster if it does not exist yet.
 *
 * @param connectString the ZooKeeper servers, {@code host:port} separated by commas
 * @param clusterName which of the clusters in that ZooKeeper
 * @param sessionTimeoutMillis after how long without contact this process counts as dead, in
 *     milliseconds; ZooKeeper servers hold it within their own limits
 * @param rangeCount into how many ranges the ring of a new cluster is cut; an existing cluster
 *     keeps the number it was created with
 */
public record CoordinationSettings(
    String connectString, String clusterName, int sessionTimeoutMillis, int rangeCount) {

  /** Refuses what no cluster can be reached or created with. */
  public CoordinationSettings {
    if (connectString.isBlank()) {
      throw new IllegalArgumentException(
          "connectString: \"" + connectString + "\" (expected: host:port,...)");
    }
    if (clusterName.isEmpty() || clusterName.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "clusterName: \"" + clusterName + "\" (expected: a name without '/')");
    }
    if (sessionTimeoutMillis <= 0) {
      throw new IllegalArgumentException(
          "sessionTimeoutMillis: " + sessionTimeoutMillis + " (expected: more than 0)");
    }
    new RangeTable(rangeCount);
  }
}
