package org.tallyring.aggregator.collect;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.RangeHolding.Metric;
import org.tallyring.aggregator.merge.RangePart;
import org.tallyring.proto.internal.v1.CollectTopKResponse;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.RangeVersion;

/*
 * When is what we hold of a range still true?
 * -------------------------------------------
 * A publication says "everything acknowledged before published_at is in here". That stays true for
 * ever, so the question is only whether it is *recent*, and whether it is the owner's. A range counts
 * as included while all of these hold:
 *
 *   1. Its epoch is at least the one that the topology knows. Below it, another owner has taken the
 *      range and may have acknowledged increments that this publication cannot know.
 *   2. The shard that published it is in the topology. A dead shard is the reason for (1) to come.
 *   3. The shard confirmed it within MAX_AGE. An owner that does not answer may have been replaced
 *      without our having heard of it.
 *
 * The topology and the publications reach us by different ways, in any order. An epoch above the
 * topology's is the newer truth and is included; an epoch below what is held is an old owner that has
 * not noticed, and is ignored.
 *
 * Changes and forgetting
 * ----------------------
 * A shard sends only the rankings that changed, and never says that one has gone: a window that was
 * closed, a namespace that was deleted. Instead each range is asked for as a whole once in
 * REFRESH_PERIOD, which replaces what is held; nothing reads the leftovers in the meantime, because
 * they belong to past windows or to uids that no namespace has.
 *
 * Writes are serialised by the lock of this object; readers take no lock, since each range is one
 * immutable value.
 */

/** The newest publication of every range. Thread-safe. */
public final class Holdings {

  /** How long a publication counts without the owner's confirming it: 8 missed collections. */
  static final Duration MAX_AGE = Duration.ofSeconds(2);

  /** How often a range is asked for as a whole. */
  static final Duration REFRESH_PERIOD = Duration.ofSeconds(60);

  /** How many ranges of a shard are refreshed in one collection, so that the cost is spread. */
  private static final int REFRESHED_AT_ONCE = 2;

  private final Map<Integer, RangeHolding> ranges = new ConcurrentHashMap<>();
  private final LongSupplier nanoClock;
  private volatile ClusterPicture picture = ClusterPicture.UNKNOWN;
  private volatile long ownershipChanges;
  private volatile long changes;

  /**
   * Nothing held yet.
   *
   * @param nanoClock a monotonic clock, in nanoseconds
   */
  public Holdings(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Takes notice of a newer topology and drops what it shows to be an earlier owner's. */
  synchronized void observe(ClusterPicture newer) {
    if (!newer.epochs().equals(picture.epochs())
        || !newer.addresses().keySet().equals(picture.addresses().keySet())) {
      ownershipChanges++;
    }
    picture = newer;
    ranges.entrySet().removeIf(entry -> entry.getValue().epoch() < newer.epoch(entry.getKey()));
    changes++;
  }

  /** What to tell a shard that we hold already; ranges left out are to be sent as a whole. */
  synchronized List<RangeVersion> known(String shardId) {
    long now = nanoClock.getAsLong();
    List<RangeVersion> known = new ArrayList<>();
    int refreshed = 0;
    for (RangeHolding held : ranges.values()) {
      if (!held.shardId().equals(shardId)) {
        continue;
      }
      if (refreshed < REFRESHED_AT_ONCE
          && now - held.completeAtNanos() >= REFRESH_PERIOD.toNanos()) {
        refreshed++;
      } else {
        known.add(held.version());
      }
    }
    return known;
  }

  /**
   * Takes in a shard's answer.
   *
   * @param told what the shard was told that we hold
   * @return what is wrong with rankings that are damaged; their ranges are then held no more
   */
  synchronized List<String> accept(
      String shardId, List<RangeVersion> told, CollectTopKResponse answer) {
    Map<Integer, RangeVersion> toldById = new HashMap<>();
    told.forEach(version -> toldById.put(version.getRangeId(), version));
    Map<Integer, CollectedRange> answered = new HashMap<>();
    answer.getRangesList().forEach(range -> answered.put(range.getVersion().getRangeId(), range));

    for (Iterator<Map.Entry<Integer, RangeHolding>> i = ranges.entrySet().iterator();
        i.hasNext(); ) {
      Map.Entry<Integer, RangeHolding> entry = i.next();
      if (entry.getValue().shardId().equals(shardId) && !answered.containsKey(entry.getKey())) {
        i.remove();
        ownershipChanges++;
      }
    }
    List<String> damaged = new ArrayList<>();
    answered.forEach(
        (rangeId, collected) -> {
          try {
            accept(shardId, rangeId, toldById.get(rangeId), collected);
          } catch (IllegalArgumentException columns) {
            ranges.remove(rangeId);
            ownershipChanges++;
            damaged.add("range " + rangeId + ": " + columns.getMessage());
          }
        });
    changes++;
    return damaged;
  }

  private void accept(
      String shardId, int rangeId, @Nullable RangeVersion told, CollectedRange collected) {
    long epoch = collected.getVersion().getEpoch();
    RangeHolding held = ranges.get(rangeId);
    if (rangeId >= picture.rangeCount()
        || epoch < picture.epoch(rangeId)
        || (held != null && held.epoch() > epoch)) {
      return;
    }
    long now = nanoClock.getAsLong();
    boolean onlyChanges = told != null && told.getEpoch() == epoch;
    if (onlyChanges && (held == null || !held.version().equals(told))) {
      // What the changes are relative to has been dropped meanwhile; the next answer is whole.
      return;
    }
    ranges.put(
        rangeId,
        onlyChanges && held != null
            ? held.changed(collected, now)
            : RangeHolding.complete(shardId, collected, now));
    if (held == null || held.epoch() != epoch) {
      ownershipChanges++;
    }
  }

  /** What the ranges published about a window that was open when they did. */
  OpenWindow read(WindowKey window) {
    // Before the ranges are looked at, as it rises after they have changed.
    long changesBefore = changes;
    List<RangePart> parts = new ArrayList<>();
    long[] confirmedAt = {nanoClock.getAsLong()};
    Coverage coverage =
        forIncluded(
            (rangeId, held) -> {
              parts.add(held.part(window));
              if (held.confirmedAtNanos() - confirmedAt[0] < 0) {
                confirmedAt[0] = held.confirmedAtNanos();
              }
            });
    return new OpenWindow(parts, coverage, changesBefore, confirmedAt[0] + MAX_AGE.toNanos());
  }

  /** Whether what was read would be read again: nothing has changed, and nothing is too old now. */
  boolean isStillSo(OpenWindow read) {
    return read.changes() == changes && read.validUntilNanos() - nanoClock.getAsLong() >= 0;
  }

  /** The windows that some range has published about. */
  Set<WindowKey> windows() {
    Set<WindowKey> windows = new HashSet<>();
    ranges.values().forEach(held -> windows.addAll(held.rankings().keySet()));
    return windows;
  }

  /** How much of the cluster is covered now. */
  public Coverage coverage() {
    return forIncluded((rangeId, held) -> {});
  }

  /** How often final windows of a metric were corrected, over all ranges held. */
  public long lateCorrections(long namespaceUid, String metric) {
    Metric key = new Metric(namespaceUid, metric);
    long sum = 0;
    for (RangeHolding held : ranges.values()) {
      sum += held.lateCorrections().getOrDefault(key, 0L);
    }
    return sum;
  }

  /** Rises with every change of an owner: what was asked of other owners may be outdated then. */
  public long ownershipChanges() {
    return ownershipChanges;
  }

  /** The topology as last observed. */
  public ClusterPicture picture() {
    return picture;
  }

  private Coverage forIncluded(IncludedRange consumer) {
    ClusterPicture now = picture;
    long nowNanos = nanoClock.getAsLong();
    int included = 0;
    long asOf = Long.MAX_VALUE;
    for (Map.Entry<Integer, RangeHolding> entry : ranges.entrySet()) {
      RangeHolding held = entry.getValue();
      if (held.epoch() >= now.epoch(entry.getKey())
          && now.isLive(held.shardId())
          && nowNanos - held.confirmedAtNanos() <= MAX_AGE.toNanos()) {
        included++;
        asOf = Math.min(asOf, held.publishedAtMillis());
        consumer.accept(entry.getKey(), held);
      }
    }
    return new Coverage(now.rangeCount(), included, asOf);
  }

  private interface IncludedRange {
    void accept(int rangeId, RangeHolding held);
  }
}
