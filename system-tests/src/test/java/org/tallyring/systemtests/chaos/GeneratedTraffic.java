package org.tallyring.systemtests.chaos;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Increments by chance, of now.
 *
 * <p>Half of them go to a few keys, as in real life, half to any, so that all ranges are written
 * to. Event times lie in the present hour, some before it, and yesterday.
 */
public final class GeneratedTraffic implements Traffic {

  private static final List<String> METRICS = List.of("clicks", "purchases");
  private static final int KEYS = 2_000;
  private static final int FAVORITES = 50;
  private static final long HOUR_MILLIS = 3_600_000;

  /** How far back event times lie, in hours; the hours between are empty. */
  private static final int[] AGES = {0, 0, 0, 1, 2, 24};

  private final List<String> keys =
      IntStream.range(0, KEYS).mapToObj(number -> "product-" + number).toList();
  private final Random random;

  /** The stream of a seed. */
  public GeneratedTraffic(long seed) {
    random = new Random(seed);
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
    int key = random.nextBoolean() ? random.nextInt(FAVORITES) : random.nextInt(KEYS);
    int metric = random.nextInt(METRICS.size());
    int delta = 1 + random.nextInt(3);
    long time = System.currentTimeMillis() - AGES[random.nextInt(AGES.length)] * HOUR_MILLIS;
    return new Step(key, metric, delta, time);
  }
}
