package org.tallyring.shardserver.coordination;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Drain;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * Everything the coordination service holds about a cluster, as last seen. Immutable. It can be
 * outdated; every decision taken on it is checked again by a compare-and-set.
 *
 * @param config what was fixed at the cluster's creation
 * @param members the live shards by id
 * @param controller the id of the elected controller; empty while there is none
 * @param assignment the newest assignment
 * @param ranges the record of each range, by id; the default instance for one never taken
 * @param namespaces the definitions by name
 */
public record ClusterView(
    ClusterConfig config,
    SortedMap<String, Member> members,
    String controller,
    Versioned<AssignmentTarget> assignment,
    List<RangeRecord> ranges,
    SortedMap<String, NamespaceDefinition> namespaces) {

  /** This view with an assignment that was read otherwise. */
  public ClusterView withAssignment(Versioned<AssignmentTarget> read) {
    return new ClusterView(config, members, controller, read, ranges, namespaces);
  }

  /** The shard that should own a range; empty for none. */
  public String assigned(int rangeId) {
    AssignmentTarget target = assignment.value();
    return rangeId < target.getOwnersCount() ? target.getOwners(rangeId) : "";
  }

  /** Whether live shards serve all ranges. */
  public boolean isServed() {
    return ranges.stream()
        .allMatch(range -> range.getServing() && members.containsKey(range.getOwner()));
  }

  /** The ids of the live shards that are to own nothing. */
  public Set<String> draining() {
    Set<String> draining = new HashSet<>();
    for (Drain drain : assignment.value().getDrainsList()) {
      Member member = members.get(drain.getShardId());
      // The process that follows the drained one under its id is not meant.
      if (member != null && member.getIncarnation() == drain.getIncarnation()) {
        draining.add(member.getId());
      }
    }
    return draining;
  }

  /** The ids of the live shards that could take a shard's ranges. */
  public Set<String> takersBeside(String shardId) {
    Set<String> takers = new TreeSet<>(members.keySet());
    takers.remove(shardId);
    takers.removeAll(draining());
    return takers;
  }

  /** How many ranges a shard owns or should own; with none it can end without being missed. */
  public int rangesNaming(String shardId) {
    int naming = 0;
    for (int rangeId = 0; rangeId < ranges.size(); rangeId++) {
      if (assigned(rangeId).equals(shardId) || ranges.get(rangeId).getOwner().equals(shardId)) {
        naming++;
      }
    }
    return naming;
  }

  /** Whether a shard has announced that it serves all that it should own, which is something. */
  public boolean servesItsShare(String shardId) {
    boolean serves = false;
    for (int rangeId = 0; rangeId < ranges.size(); rangeId++) {
      if (assigned(rangeId).equals(shardId)) {
        RangeRecord record = ranges.get(rangeId);
        if (!record.getServing() || !record.getOwner().equals(shardId)) {
          return false;
        }
        serves = true;
      }
    }
    return serves;
  }
}
