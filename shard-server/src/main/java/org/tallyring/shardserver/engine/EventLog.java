package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.v1.Event;
import org.tallyring.proto.v1.EventKind;
import org.tallyring.proto.v1.MetricsUpdated;
import org.tallyring.proto.v1.Pruned;
import org.tallyring.proto.v1.SnapshotRestored;
import org.tallyring.proto.v1.StrategyReset;
import org.tallyring.proto.v1.StrategySwapped;
import org.tallyring.proto.v1.ThresholdExceeded;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.WindowCorrected;
import org.tallyring.proto.v1.WindowSealed;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/**
 * What happened in a range, newest events only. The one door through which the engine tells
 * anything: a product of {@link RangeEngine#apply} and never of a question.
 *
 * <p><b>Numbers.</b> Events are numbered from 1 for the range's whole life, and the last number is
 * in the snapshot. So an event has the same number whoever applied the entry, a watcher can go on
 * at another owner, and how many events are missing between two numbers is a subtraction.
 *
 * <p><b>Bounds.</b> {@value #MAX_EVENTS} events and {@value #MAX_BYTES} bytes are kept, the oldest
 * go first. Threshold events have {@value #MAX_THRESHOLD_EVENTS} places of their own, which others
 * cannot take, and are in the snapshot: they are what somebody waits for, and rare. The others are
 * gone with the process, but for those that replay tells again.
 */
final class EventLog {

  private static final int MAX_EVENTS = 4096;
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_THRESHOLD_EVENTS = 1024;
  private static final int MAX_THRESHOLD_BYTES = 1 << 19;

  /** Events that compete for the same room, oldest first. */
  private static final class Shelf {
    private final int maxEvents;
    private final int maxBytes;
    private final ArrayDeque<Event> events = new ArrayDeque<>();
    private int bytes;

    /** The highest number of an event that had to go; 0 for none. */
    private long droppedNumber;

    Shelf(int maxEvents, int maxBytes) {
      this.maxEvents = maxEvents;
      this.maxBytes = maxBytes;
    }

    void add(Event event, Map<Long, Event> kept) {
      events.add(event);
      bytes += event.getSerializedSize();
      kept.put(event.getNumber(), event);
      while (events.size() > maxEvents || bytes > maxBytes) {
        Event oldest = events.remove();
        bytes -= oldest.getSerializedSize();
        kept.remove(oldest.getNumber());
        droppedNumber = oldest.getNumber();
      }
    }
  }

  private final int rangeId;
  private final HitSample hits;

  /** All that are kept, by number. */
  private final TreeMap<Long, Event> kept = new TreeMap<>();

  private final Shelf thresholds = new Shelf(MAX_THRESHOLD_EVENTS, MAX_THRESHOLD_BYTES);
  private final Shelf others = new Shelf(MAX_EVENTS, MAX_BYTES);
  private long lastNumber;
  private long journalTimeMillis;

  /** No events yet. */
  EventLog(int rangeId) {
    this.rangeId = rangeId;
    this.hits = new HitSample(rangeId);
  }

  /** Sets the journal time of the events to come. */
  void journalTime(long millis) {
    journalTimeMillis = millis;
  }

  /** Entries of a metric were given up to keep it within its bounds. */
  void pruned(String namespace, String metric, long entries) {
    add(
        event(EventKind.EVENT_KIND_PRUNED, namespace)
            .setMetric(metric)
            .setPruned(Pruned.newBuilder().setEntries(entries)));
  }

  /** A metric counts with another strategy from here on. */
  void strategySwapped(String namespace, String metric, String from, String to) {
    add(
        event(EventKind.EVENT_KIND_STRATEGY_SWAPPED, namespace)
            .setMetric(metric)
            .setStrategySwapped(StrategySwapped.newBuilder().setFrom(from).setTo(to)));
  }

  /** A metric's strategy started afresh. */
  void strategyReset(String namespace, String metric, String strategy) {
    add(
        event(EventKind.EVENT_KIND_STRATEGY_RESET, namespace)
            .setMetric(metric)
            .setStrategyReset(StrategyReset.newBuilder().setStrategy(strategy)));
  }

  /** A window in which something was counted became final. */
  void windowSealed(String namespace, String metric, WindowLevel level, long startMillis) {
    add(
        event(EventKind.EVENT_KIND_WINDOW_SEALED, namespace)
            .setMetric(metric)
            .setWindowSealed(
                WindowSealed.newBuilder()
                    .setWindowValue(SnapshotFormat.numberOf(level))
                    .setStartMillis(startMillis)
                    .setEndMillis(level.end(startMillis))));
  }

  /** A late batch changed a final window. */
  void windowCorrected(
      String namespace, String metric, WindowLevel level, long startMillis, long revision) {
    add(
        event(EventKind.EVENT_KIND_WINDOW_CORRECTED, namespace)
            .setMetric(metric)
            .setWindowCorrected(
                WindowCorrected.newBuilder()
                    .setWindowValue(SnapshotFormat.numberOf(level))
                    .setStartMillis(startMillis)
                    .setEndMillis(level.end(startMillis))
                    .setRevision(revision)));
  }

  /**
   * A count reached the limit of a rule.
   *
   * @param time the window or span that it is the count of
   */
  void thresholdExceeded(
      String namespace,
      ThresholdRule rule,
      byte[] key,
      Interval time,
      long count,
      long eventTimeMillis) {
    lastNumber++;
    thresholds.add(
        event(EventKind.EVENT_KIND_THRESHOLD_EXCEEDED, namespace)
            .setNumber(lastNumber)
            .setMetric(rule.getMetric())
            .setKey(ByteString.copyFrom(key))
            .setThresholdExceeded(
                ThresholdExceeded.newBuilder()
                    .setRule(rule.getName())
                    .setWindow(rule.getWindow())
                    .setStartMillis(time.startMillis())
                    .setEndMillis(rule.getSpanMillis() == 0 ? 0 : time.endMillis())
                    .setLimit(rule.getLimit())
                    .setCount(count)
                    .setEventTimeMillis(eventTimeMillis))
            .build(),
        kept);
  }

  /** A definition took effect. */
  void metricsUpdated(String namespace, long revision) {
    add(
        event(EventKind.EVENT_KIND_METRICS_UPDATED, namespace)
            .setMetricsUpdated(MetricsUpdated.newBuilder().setRevision(revision)));
  }

  /** A namespace is from here on what a snapshot says. */
  void snapshotRestored(String namespace, String snapshot, long keys) {
    add(
        event(EventKind.EVENT_KIND_SNAPSHOT_RESTORED, namespace)
            .setSnapshotRestored(
                SnapshotRestored.newBuilder().setSnapshot(snapshot).setKeys(keys)));
  }

  /** The sample of the increments. */
  HitSample hits() {
    return hits;
  }

  private Event.Builder event(EventKind kind, String namespace) {
    return Event.newBuilder()
        .setKind(kind)
        .setRangeId(rangeId)
        .setJournalTimeMillis(journalTimeMillis)
        .setNamespace(namespace);
  }

  private void add(Event.Builder event) {
    lastNumber++;
    others.add(event.setNumber(lastNumber).build(), kept);
  }

  /** The number of the newest event; 0 before the first. */
  long lastNumber() {
    return lastNumber;
  }

  /**
   * What a watcher has not seen yet. Events that it does not want are passed over. Those that are
   * gone count as missed only if some of a kind that it wants may be among them.
   */
  EventPage read(EventQuery query) {
    long after = Math.min(query.afterNumber(), lastNumber);
    long afterHit = Math.min(query.afterHit(), hits.taken());
    List<Event> events = new ArrayList<>();
    long passed = 0;
    long upTo = after;
    boolean more = false;
    for (Event event : kept.tailMap(after, false).values()) {
      if (events.size() == query.limit()) {
        more = true;
        break;
      }
      passed++;
      upTo = event.getNumber();
      if (query.wants(event)) {
        events.add(event);
      }
    }
    if (!more) {
      upTo = lastNumber;
    }
    long upToHit = afterHit;
    if (query.hitRate() > 0) {
      upToHit = hits.taken();
      for (Map.Entry<Long, Event> hit : hits.after(afterHit).entrySet()) {
        if (events.size() == query.limit()) {
          more = true;
          upToHit = hit.getKey() - 1;
          break;
        }
        if (query.wants(hit.getValue()) && hits.isSampled(hit.getValue(), query.hitRate())) {
          events.add(hit.getValue());
        }
      }
    }
    boolean wantedDropped =
        (query.wantsThresholds() && thresholds.droppedNumber > after)
            || (query.wantsOthers() && others.droppedNumber > after);
    return new EventPage(
        events,
        wantedDropped ? upTo - after - passed : 0,
        hits.missed(afterHit, upToHit),
        upTo,
        upToHit,
        more);
  }

  /** The threshold events that are kept, by number. */
  Collection<Event> thresholdEvents() {
    return thresholds.events;
  }

  /** The highest number of a threshold event that is not kept any more; 0 for none. */
  long droppedThresholdNumber() {
    return thresholds.droppedNumber;
  }

  /** Sets what a snapshot says. Events that are not in it count as dropped. */
  void restoreNumbers(long last, long droppedThreshold) {
    lastNumber = last;
    others.droppedNumber = last;
    thresholds.droppedNumber = droppedThreshold;
  }

  /** Adds a threshold event that a snapshot holds. */
  void restoreThreshold(Event event) {
    thresholds.add(event, kept);
  }
}
