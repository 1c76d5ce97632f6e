package org.tallyring.shardserver.ownership;

import java.util.HashMap;
import java.util.Map;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.RangeEngine;

/**
 * The definitions of namespaces in one tenure of a range: those that the engine has applied, and
 * those before them in the queue. Not thread-safe.
 */
final class DefinitionsUnderWay {

  private final RangeEngine engine;

  /** By namespace uid, the newest definition that was queued in this tenure. */
  private final Map<Long, NamespaceDefinition> queued = new HashMap<>();

  /** By the uid of a namespace that a restore replaced, the definition of what took its place. */
  private final Map<Long, NamespaceDefinition> successors = new HashMap<>();

  DefinitionsUnderWay(RangeEngine engine) {
    this.engine = engine;
    engine.definitions().forEach(this::noteSuccessor);
  }

  /** Notes a definition that is on its way into the journal, if it replaces another namespace. */
  void noteSuccessor(NamespaceDefinition namespace) {
    if (namespace.getReplacesUid() != 0) {
      successors.put(namespace.getReplacesUid(), namespace);
    }
  }

  /** Takes a definition as queued; false if one as new is applied or under way. */
  boolean takeIfNewer(NamespaceDefinition namespace) {
    long uid = namespace.getUid();
    if (namespace.getRevision() <= revision(uid)) {
      return false;
    }
    queued.put(uid, namespace);
    noteSuccessor(namespace);
    return true;
  }

  /** Whether the range holds anything of a namespace, or is about to. */
  boolean concerns(long namespaceUid) {
    return revision(namespaceUid) != RangeEngine.UNDEFINED || engine.restoredUpTo(namespaceUid) > 0;
  }

  /** The newest revision of a namespace's definition that is applied or under way. */
  private long revision(long namespaceUid) {
    NamespaceDefinition newest = queued.get(namespaceUid);
    long applied = engine.definitionRevision(namespaceUid);
    return newest == null ? applied : Math.max(applied, newest.getRevision());
  }

  /**
   * The definition to judge and count a batch by: that of what was restored in its namespace's
   * place, if the shard that the batch came through has not seen that yet.
   */
  NamespaceDefinition present(NamespaceDefinition candidate) {
    NamespaceDefinition present = candidate;
    for (NamespaceDefinition next = successors.get(present.getUid());
        next != null;
        next = successors.get(present.getUid())) {
      present = next;
    }
    return present;
  }

  /**
   * The definition that will hold when a batch admitted now is applied: the one it came with,
   * unless a newer one is applied or under way. A metric's strategy decides what its rows need, so
   * a row must be judged by the strategy that will count it.
   */
  NamespaceDefinition inEffect(NamespaceDefinition candidate) {
    NamespaceDefinition newest = candidate;
    NamespaceDefinition waiting = queued.get(candidate.getUid());
    if (waiting != null && waiting.getRevision() > newest.getRevision()) {
      newest = waiting;
    }
    NamespaceDefinition applied = engine.definition(candidate.getUid());
    return applied != null && applied.getRevision() > newest.getRevision() ? applied : newest;
  }
}
