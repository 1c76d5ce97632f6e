package org.tallyring.shardserver.coordination;

import java.util.List;
import java.util.SortedMap;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
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
    SortedMap<String, NamespaceDefinition> namespaces) {}
