package org.tallyring.systemtests.chaos;

import java.util.ArrayList;
import java.util.List;

/** Two streams in turn; they may have no keys or metrics in common. */
public final class MixedTraffic implements Traffic {

  private final Traffic[] parts;
  private final int[][] keyPlaces;
  private final int[] metricPlaces;
  private final List<String> keys = new ArrayList<>();
  private final List<String> metrics = new ArrayList<>();
  private int turn;

  /** The two streams from where they are. */
  public MixedTraffic(Traffic first, Traffic second) {
    parts = new Traffic[] {first, second};
    keyPlaces = new int[][] {new int[first.keys().size()], new int[second.keys().size()]};
    // The favourites of both come first.
    for (int i = 0; i < Math.max(keyPlaces[0].length, keyPlaces[1].length); i++) {
      for (int part = 0; part < parts.length; part++) {
        if (i < keyPlaces[part].length) {
          keyPlaces[part][i] = keys.size();
          keys.add(parts[part].keys().get(i));
        }
      }
    }
    metricPlaces = new int[] {0, first.metrics().size()};
    metrics.addAll(first.metrics());
    metrics.addAll(second.metrics());
  }

  @Override
  public List<String> keys() {
    return keys;
  }

  @Override
  public List<String> metrics() {
    return metrics;
  }

  @Override
  public Step next() {
    int part = turn;
    turn = 1 - turn;
    Step step = parts[part].next();
    return new Step(
        keyPlaces[part][step.key()],
        metricPlaces[part] + step.metric(),
        step.delta(),
        step.timeMillis());
  }
}
