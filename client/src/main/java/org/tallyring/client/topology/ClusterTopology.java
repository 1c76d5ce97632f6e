package org.tallyring.client.topology;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.Topology;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/** A complete picture of the cluster at one moment. Immutable. */
public final class ClusterTopology {

  private final Topology picture;
  private final RangeTable rangeTable;
  private final Map<String, String> addresses;

  private ClusterTopology(Topology picture, RangeTable rangeTable, Map<String, String> addresses) {
    this.picture = picture;
    this.rangeTable = rangeTable;
    this.addresses = addresses;
  }

  /**
   * The picture in a message.
   *
   * @throws IllegalArgumentException if it is not complete, or if its cluster places keys in a way
   *     that this library does not know
   */
  public static ClusterTopology of(Topology picture) {
    if (!picture.getHashName().equals(KeyHash.NAME)) {
      throw new IllegalArgumentException(
          "hash_name: " + picture.getHashName() + " (expected: " + KeyHash.NAME + ")");
    }
    RangeTable rangeTable = new RangeTable(picture.getRangeCount());
    if (picture.getRangesCount() != rangeTable.rangeCount()) {
      throw new IllegalArgumentException(
          "ranges: " + picture.getRangesCount() + " (expected: " + rangeTable.rangeCount() + ")");
    }
    for (int i = 0; i < picture.getRangesCount(); i++) {
      if (picture.getRanges(i).getRangeId() != i) {
        throw new IllegalArgumentException(
            "ranges["
                + i
                + "].range_id: "
                + picture.getRanges(i).getRangeId()
                + " (expected: "
                + i
                + ")");
      }
    }
    Map<String, String> addresses = new LinkedHashMap<>();
    for (ShardMember shard : picture.getShardsList()) {
      addresses.put(shard.getId(), shard.getAddress());
    }
    return new ClusterTopology(picture, rangeTable, addresses);
  }

  /** The picture as a message. */
  public Topology picture() {
    return picture;
  }

  /** The cluster's name. */
  public String cluster() {
    return picture.getCluster();
  }

  /** How the ring is cut. */
  public RangeTable rangeTable() {
    return rangeTable;
  }

  /** The live shards, by id. */
  public List<ShardMember> shards() {
    return picture.getShardsList();
  }

  /**
   * Who owns a range.
   *
   * @param rangeId 0 to {@code rangeTable().rangeCount() - 1}
   */
  public RangeOwnership range(int rangeId) {
    return picture.getRanges(rangeId);
  }

  /** Where a shard serves, {@code host:port}; null if it is not alive. */
  public @Nullable String addressOf(String shardId) {
    return addresses.get(shardId);
  }

  /** Whether the other picture is of the same ring, so that keys have the same places in both. */
  boolean isSameRing(ClusterTopology other) {
    return cluster().equals(other.cluster()) && rangeTable.equals(other.rangeTable);
  }
}
