package org.tallyring.aggregator.fake;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.aggregator.collect.WindowKey;
import org.tallyring.proto.internal.v1.CollectedRange;
import org.tallyring.proto.internal.v1.CountQuality;
import org.tallyring.proto.internal.v1.Criterion;
import org.tallyring.proto.internal.v1.KeptFrom;
import org.tallyring.proto.internal.v1.LateCorrections;
import org.tallyring.proto.internal.v1.QueryRankRequest;
import org.tallyring.proto.internal.v1.QueryRankingPageRequest;
import org.tallyring.proto.internal.v1.RangePage;
import org.tallyring.proto.internal.v1.RangePosition;
import org.tallyring.proto.internal.v1.RangeRanking;
import org.tallyring.proto.internal.v1.RangeVersion;
import org.tallyring.proto.internal.v1.RankingRows;
import org.tallyring.proto.window.Intervals;
import org.tallyring.proto.window.Windows;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.KeptBuckets;
import org.tallyring.topology.window.WindowLevel;

/** A range in a test: counts as a plain map. Not thread-safe; {@link FakeShards} guards it. */
final class FakeRange {

  private static final Comparator<Map.Entry<ByteString, Long>> ORDER =
      Map.Entry.<ByteString, Long>comparingByValue(Comparator.reverseOrder())
          .thenComparing(
              Map.Entry.comparingByKey(
                  (a, b) -> Arrays.compareUnsigned(a.toByteArray(), b.toByteArray())));

  private static final class Counts {
    final Map<ByteString, Long> counts = new HashMap<>();
    long changedAtVersion;
    long revision;
    CountQuality quality = CountQuality.getDefaultInstance();
  }

  final int id;
  String owner;
  long epoch = 1;
  private long version;
  private final Map<WindowKey, Counts> windows = new HashMap<>();
  private KeptBuckets kept = KeptBuckets.EVERYTHING;
  private final Map<String, KeptBuckets> keptByMetric = new HashMap<>();
  private long lateCorrections;
  private final Set<ByteString> keys = new HashSet<>();
  private final Map<Long, List<Map.Entry<ByteString, Long>>> views = new HashMap<>();
  private long lastView;

  FakeRange(int id, String owner) {
    this.id = id;
    this.owner = owner;
  }

  void count(WindowKey window, ByteString key, long delta) {
    add(window, key, delta);
  }

  private Counts add(WindowKey window, ByteString key, long delta) {
    keys.add(key);
    Counts counts = windows.computeIfAbsent(window, w -> new Counts());
    counts.counts.merge(key, delta, Long::sum);
    counts.changedAtVersion = ++version;
    return counts;
  }

  void correct(WindowKey window, ByteString key, long delta) {
    add(window, key, delta).revision++;
    lateCorrections++;
  }

  /** Says how good the counts of a window are. */
  void quality(WindowKey window, CountQuality quality) {
    windows.computeIfAbsent(window, w -> new Counts()).quality = quality;
  }

  void moveTo(String newOwner) {
    owner = newOwner;
    epoch++;
    version = 0;
    windows.values().forEach(counts -> counts.changedAtVersion = ++version);
  }

  long get(WindowKey window, ByteString key) {
    Counts counts = windows.get(window);
    return counts == null ? 0 : counts.counts.getOrDefault(key, 0L);
  }

  RangeVersion version() {
    return RangeVersion.newBuilder().setRangeId(id).setEpoch(epoch).setVersion(version).build();
  }

  CollectedRange collected(
      RangeVersion known,
      Map<WindowKey, Long> floors,
      long nowMillis,
      String correctedMetric,
      long uid) {
    CollectedRange.Builder collected =
        CollectedRange.newBuilder().setVersion(version()).setPublishedAtMillis(nowMillis);
    long since = known.getEpoch() == epoch ? known.getVersion() : -1;
    windows.forEach(
        (window, counts) -> {
          if (counts.changedAtVersion > since) {
            Long floor = floors.get(window);
            collected.addRankings(
                floor == null ? ranking(window, 1000) : above(floor, ranking(window, 1000)));
          }
        });
    if (lateCorrections > 0) {
      collected.addLateCorrections(
          LateCorrections.newBuilder()
              .setNamespaceUid(uid)
              .setMetric(correctedMetric)
              .setBatches(lateCorrections));
    }
    return collected.build();
  }

  private static RangeRanking above(long floor, RangeRanking best) {
    int rows = (int) best.getCountsList().stream().filter(count -> count >= floor).count();
    int bytes = best.getKeyLengthsList().subList(0, rows).stream().mapToInt(length -> length).sum();
    return best.toBuilder()
        .clearCounts()
        .addAllCounts(best.getCountsList().subList(0, rows))
        .clearKeyLengths()
        .addAllKeyLengths(best.getKeyLengthsList().subList(0, rows))
        .setKeys(best.getKeys().substring(0, bytes))
        .setFloor(floor)
        .build();
  }

  /** From now on it does not keep what is older. */
  void keep(KeptBuckets newer) {
    kept = newer;
  }

  /** From now on it does not keep what is older of one metric. */
  void keep(String metric, KeptBuckets newer) {
    keptByMetric.put(metric, newer);
  }

  /** What it keeps of all of some metrics. */
  KeptBuckets kept(Collection<String> metrics) {
    return metrics.stream()
        .map(metric -> keptByMetric.getOrDefault(metric, KeptBuckets.EVERYTHING))
        .reduce(kept, KeptBuckets::and);
  }

  /** What it says to a question: only of the levels of its intervals and of coarser ones. */
  List<KeptFrom> keptFrom(Collection<String> metrics, List<Interval> asked) {
    WindowLevel finest =
        asked.stream().map(Interval::level).min(Comparator.naturalOrder()).orElseThrow();
    KeptBuckets all = kept(metrics);
    KeptBuckets told = KeptBuckets.EVERYTHING;
    for (WindowLevel level : WindowLevel.values()) {
      if (level.compareTo(finest) >= 0) {
        told = told.butOf(level, all.from(level));
      }
    }
    return Intervals.toProto(id, told);
  }

  /** The ranking of the windows of an interval together. */
  RangeRanking ranking(long uid, String metric, Interval interval, int k, Criterion criterion) {
    return folded(interval)
        .ranking(
            new WindowKey(uid, metric, interval.level(), interval.startMillis()), k, criterion);
  }

  /** This range with all windows of an interval as one, the first of them. */
  private FakeRange folded(Interval interval) {
    FakeRange folded = new FakeRange(id, owner);
    folded.keys.addAll(keys);
    windows.forEach(
        (window, counts) -> {
          boolean within =
              window.level() == interval.level()
                  && window.startMillis() >= interval.startMillis()
                  && window.startMillis() < interval.endMillis();
          WindowKey into =
              within
                  ? new WindowKey(
                      window.namespaceUid(),
                      window.metric(),
                      window.level(),
                      interval.startMillis())
                  : window;
          Counts sum = folded.windows.computeIfAbsent(into, unused -> new Counts());
          counts.counts.forEach((key, count) -> sum.counts.merge(key, count, Long::sum));
          sum.revision += counts.revision;
          if (!counts.quality.equals(CountQuality.getDefaultInstance())) {
            sum.quality = counts.quality;
          }
        });
    return folded;
  }

  private RangeRanking ranking(WindowKey window, int k) {
    return ranking(window, k, Criterion.getDefaultInstance());
  }

  /** A full sort by what the criterion says, cut after {@code k}. */
  private RangeRanking ranking(WindowKey window, int k, Criterion criterion) {
    Map<ByteString, Long> values = new HashMap<>();
    for (ByteString key : keys) {
      long value = value(window, criterion, key);
      if (value != 0 && isAdmitted(window, criterion, key)) {
        values.put(key, value);
      }
    }
    RangeRanking.Builder ranking =
        RangeRanking.newBuilder()
            .setRangeId(id)
            .setNamespaceUid(window.namespaceUid())
            .setMetric(window.metric())
            .setWindow(Windows.window(window.level()))
            .setStartMillis(window.startMillis())
            .setRevision(windows.getOrDefault(window, new Counts()).revision)
            .setQuality(windows.getOrDefault(window, new Counts()).quality);
    List<Map.Entry<ByteString, Long>> best = sorted(values);
    RankingRows rows = rows(best.subList(0, Math.min(k, best.size())));
    best.stream()
        .limit(k)
        .forEach(row -> ranking.addAllBeside(beside(window, criterion, row.getKey())));
    return ranking
        .setKeys(rows.getKeys())
        .addAllKeyLengths(rows.getKeyLengthsList())
        .addAllCounts(rows.getCountsList())
        .build();
  }

  private long value(WindowKey window, Criterion criterion, ByteString key) {
    if (criterion.hasGrowth()) {
      // Any growth will do: that it is the right one is the shard's matter.
      long count = get(window, key);
      return count < criterion.getGrowth().getMinCount()
          ? 0
          : Math.max(0, 1_000_000 * (count - before(window, criterion, key)));
    }
    return criterion.getScoreCount() == 0
        ? get(window, key)
        : criterion.getScoreList().stream()
            .mapToLong(
                term ->
                    Math.multiplyExact(
                        term.getWeightMicros(), get(of(window, term.getMetric()), key)))
            .sum();
  }

  private boolean isAdmitted(WindowKey window, Criterion criterion, ByteString key) {
    return criterion.getWhereList().stream()
        .allMatch(
            filter -> {
              int compared =
                  Long.compare(get(of(window, filter.getMetric()), key), filter.getValue());
              return switch (filter.getComparison()) {
                case COMPARISON_AT_LEAST -> compared >= 0;
                case COMPARISON_AT_MOST -> compared <= 0;
                case COMPARISON_ABOVE -> compared > 0;
                case COMPARISON_BELOW -> compared < 0;
                default -> compared == 0;
              };
            });
  }

  private List<Long> beside(WindowKey window, Criterion criterion, ByteString key) {
    List<Long> beside = new ArrayList<>();
    if (criterion.getScoreCount() > 0 || criterion.hasGrowth()) {
      beside.add(get(window, key));
    }
    if (criterion.hasGrowth()) {
      beside.add(before(window, criterion, key));
    }
    criterion.getIncludeList().forEach(metric -> beside.add(get(of(window, metric), key)));
    return beside;
  }

  private long before(WindowKey window, Criterion criterion, ByteString key) {
    long sum = 0;
    org.tallyring.proto.internal.v1.Interval baseline = criterion.getGrowth().getBaseline();
    for (WindowKey each : windows.keySet()) {
      if (each.metric().equals(window.metric())
          && each.level() == window.level()
          && each.startMillis() >= baseline.getStartMillis()
          && each.startMillis() < baseline.getEndMillis()) {
        sum += get(each, key);
      }
    }
    return sum;
  }

  private static WindowKey of(WindowKey window, String metric) {
    return new WindowKey(window.namespaceUid(), metric, window.level(), window.startMillis());
  }

  /** Forgets all views. */
  void expireViews() {
    views.clear();
  }

  RangePosition position(
      WindowKey window, Interval interval, QueryRankRequest request, long nowMillis) {
    FakeRange folded = folded(interval);
    List<Map.Entry<ByteString, Long>> view = view(folded, window);
    long count = request.hasCount() ? request.getCount() : folded.get(window, request.getKey());
    Map.Entry<ByteString, Long> asked = Map.entry(request.getKey(), count);
    int before = (int) view.stream().filter(row -> ORDER.compare(row, asked) < 0).count();
    int after = view.contains(asked) ? before + 1 : before;
    int neighbors = request.getNeighbors();
    return RangePosition.newBuilder()
        .setView(version().toBuilder().setVersion(lastView))
        .setAsOfMillis(nowMillis)
        .setCount(count)
        .setBefore(before)
        .setTotal(view.size())
        .setAbove(rows(view.subList(Math.max(0, before - neighbors), before)))
        .setBelow(rows(view.subList(after, Math.min(view.size(), after + neighbors))))
        .setQuality(folded.windows.getOrDefault(window, new Counts()).quality)
        .build();
  }

  RangePage page(
      WindowKey window,
      Interval interval,
      QueryRankingPageRequest request,
      @Nullable RangeVersion pin,
      long now) {
    List<Map.Entry<ByteString, Long>> view =
        pin == null ? view(folded(interval), window) : views.get(pin.getVersion());
    long number = pin == null ? lastView : pin.getVersion();
    RangePage.Builder page =
        RangePage.newBuilder().setView(version().toBuilder().setVersion(number));
    if (view == null || (pin != null && pin.getEpoch() != epoch)) {
      return page.setExpired(true).build();
    }
    Map.Entry<ByteString, Long> last = Map.entry(request.getAfterKey(), request.getAfterCount());
    return page.setAsOfMillis(now)
        .setQuality(folded(interval).windows.getOrDefault(window, new Counts()).quality)
        .setTotal(view.size())
        .setRows(
            rows(
                view.stream()
                    .filter(row -> request.getAfterKey().isEmpty() || ORDER.compare(row, last) > 0)
                    .limit(request.getSize())
                    .toList()))
        .build();
  }

  private List<Map.Entry<ByteString, Long>> view(FakeRange folded, WindowKey window) {
    Map<ByteString, Long> counts = new HashMap<>();
    folded
        .windows
        .getOrDefault(window, new Counts())
        .counts
        .forEach(
            (key, count) -> {
              if (count != 0) {
                counts.put(key, count);
              }
            });
    List<Map.Entry<ByteString, Long>> view = sorted(counts);
    views.put(++lastView, view);
    return view;
  }

  private static List<Map.Entry<ByteString, Long>> sorted(Map<ByteString, Long> values) {
    return values.entrySet().stream()
        .map(row -> Map.entry(row.getKey(), row.getValue()))
        .sorted(ORDER)
        .toList();
  }

  private static RankingRows rows(List<Map.Entry<ByteString, Long>> rows) {
    RankingRows.Builder message = RankingRows.newBuilder();
    ByteString allKeys = ByteString.EMPTY;
    for (Map.Entry<ByteString, Long> row : rows) {
      allKeys = allKeys.concat(row.getKey());
      message.addKeyLengths(row.getKey().size()).addCounts(row.getValue());
    }
    return message.setKeys(allKeys).build();
  }
}
