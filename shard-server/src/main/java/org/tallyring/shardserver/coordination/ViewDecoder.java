package org.tallyring.shardserver.coordination;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * Turns nodes into a {@link ClusterView}, decoding only those that changed since the last time:
 * when 64 ranges are taken at start, each of the views in between costs a walk and not 64 parses.
 * Values that did not change are the same objects from view to view. Not thread-safe.
 */
final class ViewDecoder {

  private static final Logger log = LoggerFactory.getLogger(ViewDecoder.class);

  /** Between the random prefix and the sequence in the name of a candidate's node. */
  private static final String CANDIDATE = "latch-";

  private record Decoded(long mzxid, Message value) {}

  private final Paths paths;
  private final ClusterConfig config;
  private Map<String, Decoded> decoded = new HashMap<>();

  ViewDecoder(Paths paths, ClusterConfig config) {
    this.paths = paths;
    this.config = config;
  }

  /** The view that a complete set of nodes amounts to. */
  ClusterView decode(Iterable<ChildData> nodes) {
    Map<String, Decoded> kept = new HashMap<>();
    RangeRecord[] ranges = new RangeRecord[config.getRangeCount()];
    Arrays.fill(ranges, RangeRecord.getDefaultInstance());
    SortedMap<String, Member> members = new TreeMap<>();
    SortedMap<String, NamespaceDefinition> namespaces = new TreeMap<>();
    Versioned<AssignmentTarget> assignment =
        new Versioned<>(Versioned.ABSENT, AssignmentTarget.getDefaultInstance());
    String controller = "";
    String firstInLine = "";
    for (ChildData node : nodes) {
      String parent = Paths.parent(node.getPath());
      String name = Paths.name(node.getPath());
      if (parent.equals(paths.ranges())) {
        int id = rangeId(name, ranges.length);
        RangeRecord record = decode(node, RangeRecord.parser(), kept);
        if (record != null && id >= 0) {
          ranges[id] = record;
        }
      } else if (parent.equals(paths.members())) {
        Member member = decode(node, Member.parser(), kept);
        if (member != null) {
          members.put(name, member);
        }
      } else if (parent.equals(paths.namespaces())) {
        NamespaceDefinition definition = decode(node, NamespaceDefinition.parser(), kept);
        if (definition != null) {
          namespaces.put(name, definition);
        }
      } else if (parent.equals(paths.controller())) {
        // The candidate with the lowest sequence leads; its node holds its id.
        String place = name.substring(name.lastIndexOf(CANDIDATE) + CANDIDATE.length());
        if (firstInLine.isEmpty() || place.compareTo(firstInLine) < 0) {
          firstInLine = place;
          controller = new String(node.getData(), StandardCharsets.UTF_8);
        }
      } else if (node.getPath().equals(paths.assignment())) {
        AssignmentTarget target = decode(node, AssignmentTarget.parser(), kept);
        if (target != null) {
          assignment = new Versioned<>(node.getStat().getVersion(), target);
        }
      }
    }
    decoded = kept;
    return new ClusterView(
        config,
        Collections.unmodifiableSortedMap(members),
        controller,
        assignment,
        List.of(ranges),
        Collections.unmodifiableSortedMap(namespaces));
  }

  /**
   * The value of a node; what it last was, if the node cannot be decoded; null if there is neither.
   */
  private <T extends Message> @Nullable T decode(
      ChildData node, Parser<T> parser, Map<String, Decoded> kept) {
    Decoded before = decoded.get(node.getPath());
    long mzxid = node.getStat().getMzxid();
    if (before != null && before.mzxid() == mzxid) {
      kept.put(node.getPath(), before);
      return cast(before.value());
    }
    try {
      T value = parser.parseFrom(node.getData());
      kept.put(node.getPath(), new Decoded(mzxid, value));
      return value;
    } catch (InvalidProtocolBufferException e) {
      log.error("{} cannot be decoded; its last good value stays in use.", node.getPath(), e);
      if (before == null) {
        return null;
      }
      kept.put(node.getPath(), new Decoded(mzxid, before.value()));
      return cast(before.value());
    }
  }

  /** Safe because the kind of value depends on the path alone. */
  @SuppressWarnings("unchecked")
  private static <T extends Message> T cast(Message value) {
    return (T) value;
  }

  private static int rangeId(String name, int rangeCount) {
    try {
      int id = Integer.parseInt(name);
      return id >= 0 && id < rangeCount ? id : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }
}
