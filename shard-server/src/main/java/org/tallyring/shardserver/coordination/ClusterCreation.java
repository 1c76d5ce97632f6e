package org.tallyring.shardserver.coordination;

import java.security.SecureRandom;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.namespace.Namespaces;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.hash.KeyHash;

/**
 * Makes sure that a cluster exists before this process takes part in it. Any number of processes
 * may do so at once: each node is created by whoever comes first, and the others take what they
 * find.
 */
final class ClusterCreation {

  private static final Logger log = LoggerFactory.getLogger(ClusterCreation.class);

  private static final String DEFAULT_METRIC = "clicks";

  private ClusterCreation() {}

  /**
   * Creates what is missing.
   *
   * @return the cluster's configuration as stored
   * @throws IllegalStateException if the cluster places keys with another hash than this process,
   *     which would then count where nobody looks
   */
  static ClusterConfig ensure(CuratorFramework client, Paths paths, int wantedRangeCount)
      throws Exception {
    // Parents are created first and for ever. Curator's recipes would create containers, which
    // ZooKeeper collects when they are empty.
    for (String parent : paths.parents()) {
      createIfAbsent(client, parent, new byte[0]);
    }
    createIfAbsent(client, paths.config(), configuration(wantedRangeCount).toByteArray());
    ClusterConfig config = ClusterConfig.parseFrom(client.getData().forPath(paths.config()));
    requireSameHash(paths.clusterName(), config);
    if (config.getRangeCount() != wantedRangeCount) {
      log.warn(
          "Cluster {} has {} ranges since its creation; the configured number {} is not used.",
          paths.clusterName(),
          config.getRangeCount(),
          wantedRangeCount);
    }
    createIfAbsent(client, paths.namespace(Namespaces.DEFAULT), defaultNamespace().toByteArray());
    return config;
  }

  /** What a new cluster is created with. */
  static ClusterConfig configuration(int rangeCount) {
    return ClusterConfig.newBuilder().setRangeCount(rangeCount).setHashName(KeyHash.NAME).build();
  }

  /** Refuses a cluster whose keys this process would look for elsewhere. */
  static void requireSameHash(String clusterName, ClusterConfig config) {
    if (!config.getHashName().equals(KeyHash.NAME)) {
      throw new IllegalStateException(
          "hash of cluster "
              + clusterName
              + ": "
              + config.getHashName()
              + " (expected: "
              + KeyHash.NAME
              + ")");
    }
  }

  /** The namespace that every cluster has from the beginning. */
  static NamespaceDefinition defaultNamespace() {
    return NamespaceDefinition.newBuilder()
        .setName(Namespaces.DEFAULT)
        .addMetrics(MetricDefinition.newBuilder().setName(DEFAULT_METRIC))
        .setUid(new SecureRandom().nextLong())
        .setRevision(1)
        .build();
  }

  private static void createIfAbsent(CuratorFramework client, String path, byte[] data)
      throws Exception {
    if (client.checkExists().forPath(path) != null) {
      return;
    }
    try {
      client.create().creatingParentsIfNeeded().forPath(path, data);
    } catch (KeeperException.NodeExistsException e) {
      log.debug("{} was created by another process at the same moment.", path);
    }
  }
}
