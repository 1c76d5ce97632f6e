package org.tallyring.standalone.demo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * The shop's products, and how popular each is at the moment.
 *
 * <p>Popularity follows Zipf's law: the product at rank r is asked for in proportion to 1/r. It
 * drifts: each step of {@link #drift} lets a few products overtake their neighbours and now and
 * then takes one from the long tail to the top, as an advertisement would.
 */
final class Catalogue {

  private static final List<String> STYLES =
      List.of(
          "nordic", "vintage", "compact", "classic", "rustic", "modern", "slim", "cosy", "sturdy",
          "bright", "folding", "travel", "studio", "garden", "coastal", "urban");

  private static final List<String> MATERIALS =
      List.of(
          "oak", "walnut", "bamboo", "linen", "wool", "leather", "steel", "copper", "ceramic",
          "glass", "cotton", "cork", "marble", "rattan");

  private static final List<String> THINGS =
      List.of(
          "lamp",
          "desk",
          "chair",
          "kettle",
          "backpack",
          "clock",
          "mug",
          "blanket",
          "bookshelf",
          "mirror",
          "notebook",
          "planter",
          "rug",
          "stool");

  private static final int OVERTAKING_PER_STEP = 20;
  private static final double ADVERTISED_PER_STEP = 0.1;
  private static final int ADVERTISED_TO_RANK = 5;

  private final List<String> byRank = new ArrayList<>();
  private final double[] cumulative;

  Catalogue(RandomGenerator random) {
    for (String style : STYLES) {
      for (String material : MATERIALS) {
        for (String thing : THINGS) {
          byRank.add(style + "-" + material + "-" + thing);
        }
      }
    }
    Collections.shuffle(byRank, new Random(random.nextLong()));
    cumulative = new double[byRank.size()];
    double sum = 0;
    for (int rank = 0; rank < cumulative.length; rank++) {
      sum += 1.0 / (rank + 1);
      cumulative[rank] = sum;
    }
  }

  int size() {
    return byRank.size();
  }

  /** A product, drawn by popularity. */
  String draw(RandomGenerator random) {
    double point = random.nextDouble() * cumulative[cumulative.length - 1];
    int found = Arrays.binarySearch(cumulative, point);
    int rank = found >= 0 ? found : -found - 1;
    return byRank.get(Math.min(rank, byRank.size() - 1));
  }

  /** Lets tastes change a little. */
  void drift(RandomGenerator random) {
    for (int i = 0; i < OVERTAKING_PER_STEP; i++) {
      // Near the top more often than in the tail, where nobody would see it.
      int rank = 1 + (int) ((byRank.size() - 1) * Math.pow(random.nextDouble(), 4));
      Collections.swap(byRank, rank - 1, Math.min(rank, byRank.size() - 1));
    }
    if (random.nextDouble() < ADVERTISED_PER_STEP) {
      String advertised = byRank.remove(random.nextInt(100, byRank.size()));
      byRank.add(random.nextInt(ADVERTISED_TO_RANK), advertised);
    }
  }
}
