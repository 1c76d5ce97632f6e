package org.tallyring.systemtests.chaos;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.client.TopK;

/** Counts in memory, with the mistakes that a test makes it make. */
final class FakeCounts implements CountSource {

  private final Map<String, Map<Slice, Map<String, Long>>> counts = new HashMap<>();

  /** Counts an increment in all its windows. */
  void count(Sent sent) {
    Slice.of(sent.timeMillis())
        .forEach(slice -> add(sent.metric(), slice, sent.key(), sent.delta()));
  }

  /** Adds to one window only. */
  void add(String metric, Slice slice, String key, long delta) {
    counts
        .computeIfAbsent(metric, first -> new HashMap<>())
        .computeIfAbsent(slice, first -> new HashMap<>())
        .merge(key, delta, Long::sum);
  }

  private Map<String, Long> of(String metric, Slice slice) {
    return counts.getOrDefault(metric, Map.of()).getOrDefault(slice, Map.of());
  }

  @Override
  public Map<String, Long> counts(String metric, List<String> keys, Slice slice) {
    Map<String, Long> answer = new LinkedHashMap<>();
    keys.forEach(key -> answer.put(key, of(metric, slice).getOrDefault(key, 0L)));
    return answer;
  }

  @Override
  public List<TopK.Item> top(String metric, Slice slice, int k) {
    List<Map.Entry<String, Long>> rows = new ArrayList<>(of(metric, slice).entrySet());
    rows.removeIf(row -> row.getValue() == 0);
    rows.sort(
        (a, b) ->
            a.getValue().equals(b.getValue())
                ? Arrays.compareUnsigned(
                    a.getKey().getBytes(StandardCharsets.UTF_8),
                    b.getKey().getBytes(StandardCharsets.UTF_8))
                : Long.compare(b.getValue(), a.getValue()));
    List<TopK.Item> items = new ArrayList<>();
    for (Map.Entry<String, Long> row : rows.subList(0, Math.min(k, rows.size()))) {
      items.add(new TopK.Item(items.size() + 1, row.getKey(), row.getValue()));
    }
    return items;
  }
}
