package org.tallyring.shardserver.coordination;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The twin's stores keep the same promises. */
final class InMemoryStoreTest extends StoreContractTest {

  private final Map<String, InMemoryCluster> clusters = new ConcurrentHashMap<>();

  @Override
  Coordination connectTo(String clusterName, int rangeCount) {
    return clusters.computeIfAbsent(clusterName, name -> new InMemoryCluster()).connect(rangeCount);
  }
}
