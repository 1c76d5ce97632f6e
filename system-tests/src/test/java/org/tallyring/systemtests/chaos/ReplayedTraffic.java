package org.tallyring.systemtests.chaos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.tallyring.systemtests.dataset.DataSet;

/**
 * The events of {@link DataSet#HIGGS} in their order and with their times, again and again: seven
 * days of 2012, of which one has most of them. From the second time on all of them are late.
 */
public final class ReplayedTraffic implements Traffic {

  private static final List<String> METRICS = List.of("rt", "mt", "re");

  private final List<String> keys;
  private final List<Step> steps;
  private int next;

  /** The stream from its first event on. */
  public ReplayedTraffic() {
    this(rows(), 0);
  }

  /** The same with times moved by whole hours, so that the last event is of the hour before now. */
  public static ReplayedTraffic upToNow() {
    List<String[]> rows = rows();
    long last = rows.stream().mapToLong(row -> Long.parseLong(row[2])).max().orElseThrow();
    long hours = TimeUnit.MILLISECONDS.toHours(System.currentTimeMillis()) - 1;
    return new ReplayedTraffic(
        rows, TimeUnit.HOURS.toMillis(hours - TimeUnit.SECONDS.toHours(last)));
  }

  private ReplayedTraffic(List<String[]> rows, long shiftMillis) {
    Map<String, Integer> counts = new HashMap<>();
    rows.forEach(row -> counts.merge(row[1], 1, Integer::sum));
    keys =
        counts.keySet().stream()
            .sorted(
                Comparator.<String, Integer>comparing(counts::get)
                    .reversed()
                    .thenComparing(Comparator.naturalOrder()))
            .toList();
    Map<String, Integer> places = new HashMap<>();
    keys.forEach(key -> places.put(key, places.size()));
    steps = new ArrayList<>(rows.size());
    for (String[] row : rows) {
      int metric = METRICS.indexOf(row[3].toLowerCase(Locale.ROOT));
      steps.add(
          new Step(
              places.getOrDefault(row[1], -1),
              metric,
              1,
              Long.parseLong(row[2]) * 1_000 + shiftMillis));
    }
  }

  /** Who acted, on whom, when in seconds, and how. */
  private static List<String[]> rows() {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(DataSet.HIGGS.open(), StandardCharsets.US_ASCII))) {
      return lines.lines().map(line -> line.split(" ", -1)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<String> keys() {
    return keys;
  }

  @Override
  public List<String> metrics() {
    return METRICS;
  }

  @Override
  public Step next() {
    Step step = steps.get(next);
    next = (next + 1) % steps.size();
    return step;
  }
}
