package org.tallyring.shardserver.engine;

import java.util.List;

/**
 * How two states of a range differ.
 *
 * @param count how many differences there are
 * @param first some of them, the first found
 */
public record StateDifferences(long count, List<StateDifference> first) {

  /** Equal states. */
  public static final StateDifferences NONE = new StateDifferences(0, List.of());
}
