package org.tallyring.systemtests.chaos;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.tallyring.client.Counts;
import org.tallyring.client.Label;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TopK;
import org.tallyring.systemtests.driver.ClusterApi;

/** The counts of a running cluster; takes no answer that lacks a range or is not exact. */
public final class ClusterCounts implements CountSource {

  private final TallyringClient client;
  private final ClusterApi api;
  private final String namespace;
  private final Set<String> fresh = new HashSet<>();

  /**
   * Counts of a namespace that is not written to any more.
   *
   * @param client knows the aggregator and the namespace
   * @param api the aggregator
   */
  public ClusterCounts(TallyringClient client, ClusterApi api, String namespace) {
    this.client = client;
    this.api = api;
    this.namespace = namespace;
  }

  @Override
  public Map<String, Long> counts(String metric, List<String> keys, Slice slice) {
    Counts counts = whole(() -> client.count(metric, keys, slice.selection()), Counts::label);
    if (counts.byKey().size() != keys.size() || !counts.label().exact()) {
      throw new AssertionError(
          "counts: " + counts.byKey().size() + " of " + keys.size() + ", " + counts.label());
    }
    return counts.byKey();
  }

  @Override
  public List<TopK.Item> top(String metric, Slice slice, int k) {
    if (fresh.add(metric)) {
      api.awaitFreshRankings(namespace, metric);
    }
    TopK top = whole(() -> client.topK(metric, slice.selection(), k), TopK::label);
    if (top.label().rangesIncluded() != top.label().rangesTotal() || !top.label().exact()) {
      throw new AssertionError("top: " + top.label());
    }
    return top.items();
  }

  /** While ranges are handed on, an answer may lack one for a moment; it says so. */
  private static <T> T whole(Callable<T> question, Function<T, Label> label) {
    return await("an answer that lacks no range")
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(100))
        .atMost(Duration.ofSeconds(60))
        .until(
            question,
            answer -> label.apply(answer).rangesIncluded() == label.apply(answer).rangesTotal());
  }
}
