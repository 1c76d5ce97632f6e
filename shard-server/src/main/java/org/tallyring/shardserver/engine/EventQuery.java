package org.tallyring.shardserver.engine;

import java.util.Set;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;

/**
 * What a watcher of a range asks for.
 *
 * @param afterNumber the number of the last event that it knows of, or {@link #NEWEST}
 * @param afterHit where it is among the sampled hits of this tenure, or {@link #NEWEST}
 * @param namespace the only namespace it wants; empty for all
 * @param kinds what it wants
 * @param hitRate which share of the increments it wants as hits, 0 to 1
 * @param limit how many events it takes at most
 */
public record EventQuery(
    long afterNumber,
    long afterHit,
    String namespace,
    Set<EventKind> kinds,
    double hitRate,
    int limit) {

  /** Asks for what comes from now on. */
  public static final long NEWEST = Long.MAX_VALUE;

  /** The same watcher, further on. */
  public EventQuery after(long number, long hit) {
    return new EventQuery(number, hit, namespace, kinds, hitRate, limit);
  }

  boolean wants(Event event) {
    return kinds.contains(event.getKind())
        && (namespace.isEmpty() || namespace.equals(event.getNamespace()));
  }

  boolean wantsThresholds() {
    return kinds.contains(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED);
  }

  boolean wantsOthers() {
    return kinds.stream()
        .anyMatch(
            kind ->
                kind != EventKind.EVENT_KIND_THRESHOLD_EXCEEDED
                    && kind != EventKind.EVENT_KIND_HIT_RECORDED);
  }
}
