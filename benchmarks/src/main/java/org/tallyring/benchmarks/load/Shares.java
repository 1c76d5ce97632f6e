package org.tallyring.benchmarks.load;

import java.util.List;
import java.util.stream.IntStream;

/** Deals connections out to senders. */
public final class Shares {

  private Shares() {}

  /**
   * The connections of one sender: each has its own; if there are more senders than connections,
   * some share one.
   *
   * @param sender which one, from 0
   */
  public static <C> List<C> of(List<C> connections, int sender, int senders) {
    int count = connections.size();
    if (count <= senders) {
      return List.of(connections.get(sender % count));
    }
    return IntStream.range(0, count)
        .filter(i -> i % senders == sender)
        .<C>mapToObj(connections::get)
        .toList();
  }
}
