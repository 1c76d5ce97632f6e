package org.tallyring.systemtests.chaos;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.client.TopK;
import org.tallyring.systemtests.chaos.SentJournal.Outcome;
import org.tallyring.topology.window.WindowLevel;

/**
 * Compares what was sent with what is counted: every key, in every window, of every metric, and the
 * best of each window.
 *
 * <p>What was acknowledged must count and what was refused must not; only an increment that stayed
 * in doubt may do either, and how many of those there were is part of the verdict. A ranking is
 * compared with the counts that were read for the same window, which by then were compared with the
 * journal: so it is held to the sorted journal, also where a doubt leaves two possible counts.
 */
public final class Oracle {

  /** How many rows of a ranking are compared. */
  private static final int TOP = 100;

  /** How many keys one question asks for. */
  private static final int PAGE = 5_000;

  /** Of thousands of wrong keys a few are enough to begin with. */
  private static final int DESCRIBED = 30;

  private static final class Bounds {
    long atLeast;
    long atMost;
  }

  private record Section(String metric, Slice slice) {}

  private final Map<Section, Map<String, Bounds>> expected =
      new TreeMap<>(
          Comparator.comparing(Section::metric)
              .thenComparing(section -> section.slice().level())
              .thenComparing(section -> section.slice().startMillis()));
  private final List<String> differences = new ArrayList<>();
  private final Map<WindowLevel, long[]> wrong = new EnumMap<>(WindowLevel.class);
  private long increments;
  private long inDoubt;
  private long refused;

  private Oracle() {}

  /** Reads the journal, asks the source, and says what differs. */
  public static Verdict compare(SentJournal journal, CountSource source) {
    Oracle oracle = new Oracle();
    journal.read(oracle::expect);
    oracle.expected.forEach((section, keys) -> oracle.compare(section, keys, source));
    return oracle.verdict();
  }

  private void expect(Sent sent, Outcome outcome) {
    increments++;
    if (outcome == Outcome.IN_DOUBT) {
      inDoubt++;
    } else if (outcome == Outcome.REFUSED) {
      refused++;
    }
    for (Slice slice : Slice.of(sent.timeMillis())) {
      Bounds bounds =
          expected
              .computeIfAbsent(new Section(sent.metric(), slice), section -> new TreeMap<>())
              .computeIfAbsent(sent.key(), key -> new Bounds());
      if (outcome == Outcome.COUNTED) {
        bounds.atLeast += sent.delta();
      }
      if (outcome != Outcome.REFUSED) {
        bounds.atMost += sent.delta();
      }
    }
  }

  private void compare(Section section, Map<String, Bounds> keys, CountSource source) {
    List<String> all = List.copyOf(keys.keySet());
    Map<String, Long> counted = new TreeMap<>();
    for (int from = 0; from < all.size(); from += PAGE) {
      List<String> page = all.subList(from, Math.min(all.size(), from + PAGE));
      counted.putAll(source.counts(section.metric(), page, section.slice()));
    }
    keys.forEach((key, bounds) -> compare(section, key, bounds, counted.getOrDefault(key, 0L)));
    List<TopK.Item> ranking = sorted(counted);
    List<TopK.Item> answered = source.top(section.metric(), section.slice(), TOP);
    for (int i = 0; i < Math.max(ranking.size(), answered.size()); i++) {
      TopK.Item wanted = i < ranking.size() ? ranking.get(i) : null;
      TopK.Item found = i < answered.size() ? answered.get(i) : null;
      if (wanted == null || !wanted.equals(found)) {
        differ(section, "row " + (i + 1) + " is " + found + " (expected: " + wanted + ")");
        return;
      }
    }
  }

  private void compare(Section section, String key, Bounds bounds, long count) {
    long[] sums = wrong.computeIfAbsent(section.slice().level(), level -> new long[2]);
    if (count < bounds.atLeast) {
      sums[0] += bounds.atLeast - count;
    } else if (count > bounds.atMost) {
      sums[1] += count - bounds.atMost;
    } else {
      return;
    }
    String wanted =
        bounds.atLeast == bounds.atMost
            ? Long.toString(bounds.atLeast)
            : bounds.atLeast + ".." + bounds.atMost;
    differ(section, key + ": " + count + " (expected: " + wanted + ")");
  }

  private void differ(Section section, String what) {
    if (differences.size() < DESCRIBED) {
      differences.add(section.metric() + ", " + section.slice() + ": " + what);
    }
  }

  /** Higher counts first, then keys by their bytes. */
  private static List<TopK.Item> sorted(Map<String, Long> counted) {
    List<Map.Entry<String, Long>> entries =
        counted.entrySet().stream()
            .filter(entry -> entry.getValue() != 0)
            .sorted(
                Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(
                        entry -> entry.getKey().getBytes(StandardCharsets.UTF_8),
                        Arrays::compareUnsigned))
            .limit(TOP)
            .toList();
    List<TopK.Item> items = new ArrayList<>();
    for (Map.Entry<String, Long> entry : entries) {
      items.add(new TopK.Item(items.size() + 1, entry.getKey(), entry.getValue()));
    }
    return items;
  }

  private Verdict verdict() {
    long lost = wrong.values().stream().mapToLong(sums -> sums[0]).max().orElse(0);
    long doubled = wrong.values().stream().mapToLong(sums -> sums[1]).max().orElse(0);
    return new Verdict(increments, inDoubt, refused, lost, doubled, List.copyOf(differences));
  }
}
