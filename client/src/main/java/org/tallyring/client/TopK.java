package org.tallyring.client;

import java.util.List;
import org.tallyring.proto.v1.GetTopKResponse;

/**
 * The keys with the highest counts of a metric in one window.
 *
 * @param label how good the answer is
 * @param items best first; fewer than asked for when there are fewer keys
 */
public record TopK(Label label, List<Item> items) {

  /** Keeps a copy of the list. */
  public TopK {
    items = List.copyOf(items);
  }

  /**
   * A row of a ranking. Equal counts are ranked by the keys' bytes, ascending.
   *
   * @param rank 1 for the first
   * @param key the key
   * @param count its count in the window
   */
  public record Item(int rank, String key, long count) {}

  static TopK of(GetTopKResponse response) {
    return new TopK(
        Label.of(response.getLabel()),
        response.getItemsList().stream()
            .map(item -> new Item(item.getRank(), item.getKey().toStringUtf8(), item.getCount()))
            .toList());
  }
}
