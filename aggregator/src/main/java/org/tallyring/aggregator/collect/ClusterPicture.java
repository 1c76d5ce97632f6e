package org.tallyring.aggregator.collect;

import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Who is alive and which owner each range had last, at one moment. Immutable.
 *
 * @param topology the same as the shards tell it
 * @param addresses where each live shard serves, by shard id
 * @param epochs the epoch of each range's latest owner, by range id
 */
public record ClusterPicture(
    Topology topology, Map<String, String> addresses, Map<Integer, Long> epochs) {

  /** Before anything is known: no range and no shard. */
  public static final ClusterPicture UNKNOWN = of(Topology.getDefaultInstance());

  /** The picture that a topology draws. */
  public static ClusterPicture of(Topology topology) {
    return new ClusterPicture(
        topology,
        topology.getShardsList().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    ShardMember::getId, ShardMember::getAddress, (a, b) -> b)),
        topology.getRangesList().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    RangeOwnership::getRangeId, RangeOwnership::getEpoch, Math::max)));
  }

  /** Whether anything is known yet. */
  public boolean isKnown() {
    return rangeCount() > 0;
  }

  /** Into how many ranges the ring is cut; 0 while unknown. */
  public int rangeCount() {
    return topology.getRangeCount();
  }

  /** Whether a shard is alive. */
  public boolean isLive(String shardId) {
    return addresses.containsKey(shardId);
  }

  /**
   * Where the range of a key is served, as far as is known: what is sent there needs no forwarding.
   *
   * @return an address, or null if nobody known to be alive owns the range
   */
  public @Nullable String ownerAddress(String namespace, byte[] key) {
    if (!isKnown()) {
      return null;
    }
    int rangeId = new RangeTable(rangeCount()).rangeOf(new KeyHash(namespace).hash(key));
    return rangeId < topology.getRangesCount()
        ? addresses.get(topology.getRanges(rangeId).getOwner())
        : null;
  }

  /** The epoch of a range's latest owner; 0 before the first. */
  public long epoch(int rangeId) {
    return epochs.getOrDefault(rangeId, 0L);
  }
}
