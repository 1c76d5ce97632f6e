package org.tallyring.shardserver.grpc;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.topology.name.NameRules;

/**
 * Which events a watcher wants.
 *
 * @param namespace the only namespace; empty for all
 * @param kinds the kinds; never empty
 * @param hitRate which share of the increments is told as hits, 0 to 1
 */
record EventFilter(String namespace, Set<EventKind> kinds, double hitRate) {

  /** How many events a message carries at most. */
  private static final int MESSAGE_EVENTS = 256;

  /**
   * Reads what a request says.
   *
   * @param kinds empty for all
   * @throws io.grpc.StatusRuntimeException if it makes no sense
   */
  static EventFilter of(String namespace, List<EventKind> kinds, double hitRate) {
    String violation = namespace.isEmpty() ? null : NameRules.violation("namespace", namespace);
    if (violation != null) {
      throw Errors.invalid(ErrorReason.ERROR_REASON_BAD_NAME, "namespace", violation);
    }
    for (EventKind kind : kinds) {
      if (kind == EventKind.EVENT_KIND_UNSPECIFIED || kind == EventKind.UNRECOGNIZED) {
        throw Errors.invalid(
            ErrorReason.ERROR_REASON_BAD_PARAMETER,
            "kinds",
            "kinds: " + kind + " (expected: a kind of event)");
      }
    }
    // Not a number is in no order.
    if (!(hitRate >= 0 && hitRate <= 1)) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_PARAMETER,
          "hit_sample_rate",
          "hit_sample_rate: " + hitRate + " (expected: 0..1)");
    }
    Set<EventKind> wanted =
        EnumSet.complementOf(EnumSet.of(EventKind.EVENT_KIND_UNSPECIFIED, EventKind.UNRECOGNIZED));
    if (!kinds.isEmpty()) {
      wanted.retainAll(kinds);
    }
    return new EventFilter(
        namespace, wanted, wanted.contains(EventKind.EVENT_KIND_HIT_RECORDED) ? hitRate : 0);
  }

  /** Asks a range for what comes after an event, of which the sampled hits only from now on. */
  EventQuery after(long number) {
    return new EventQuery(number, EventQuery.NEWEST, namespace, kinds, hitRate, MESSAGE_EVENTS);
  }
}
