package org.tallyring.shardserver.ownership;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.shardserver.engine.MetricAccount;
import org.tallyring.shardserver.engine.MetricTally;
import org.tallyring.shardserver.engine.RangeEngine;

/**
 * What the metrics of one tenure of a range counted, told to the shard's meters each time somebody
 * looks.
 *
 * <p>A range brings along what it counted under earlier owners and in earlier processes. That must
 * not go into counters, which only rise: a range that comes would make them leap, and one that goes
 * would make them fall. So a tenure tells by how much it grew.
 *
 * <p>Belongs to the range's loop.
 */
final class RangeAccounts {

  /**
   * What a range holds.
   *
   * @param metrics all that were ever counted in it
   * @param keys distinct keys, over all namespaces
   */
  record Balance(List<MetricAccount> metrics, long keys) {}

  private record Counted(long namespaceUid, String metric) {
    static Counted of(MetricTally tally) {
      return new Counted(tally.namespaceUid(), tally.metric());
    }
  }

  private final RangeEngine engine;
  private final ShardMeters meters;
  private Map<Counted, MetricTally> last = new HashMap<>();

  /** Begins with what the engine holds, of which nothing is told. */
  RangeAccounts(RangeEngine engine, ShardMeters meters) {
    this.engine = engine;
    this.meters = meters;
    engine.tallies().forEach(tally -> last.put(Counted.of(tally), tally));
  }

  /** Tells what was counted since this was told last. */
  void tell() {
    Map<Counted, MetricTally> next = new HashMap<>();
    for (MetricTally tally : engine.tallies()) {
      meters.grew(last.get(Counted.of(tally)), tally);
      next.put(Counted.of(tally), tally);
    }
    last = next;
  }

  /** Tells it, and looks at what the range holds. Slow, see {@link RangeEngine#accounts}. */
  Balance look() {
    tell();
    return new Balance(engine.accounts(), engine.keys());
  }
}
