package org.tallyring.shardserver.ownership;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tallyring.shardserver.engine.MetricAccount;
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
    static Counted of(MetricAccount account) {
      return new Counted(account.namespaceUid(), account.metric());
    }
  }

  private final RangeEngine engine;
  private final ShardMeters meters;
  private Map<Counted, MetricAccount> last = new HashMap<>();

  /** Begins with what the engine holds, of which nothing is told. */
  RangeAccounts(RangeEngine engine, ShardMeters meters) {
    this.engine = engine;
    this.meters = meters;
    engine.accounts().forEach(account -> last.put(Counted.of(account), account));
  }

  /** Tells what was counted since the last look. Slow, see {@link RangeEngine#accounts}. */
  Balance look() {
    List<MetricAccount> now = engine.accounts();
    Map<Counted, MetricAccount> next = new HashMap<>();
    for (MetricAccount account : now) {
      meters.grew(last.get(Counted.of(account)), account);
      next.put(Counted.of(account), account);
    }
    last = next;
    return new Balance(now, engine.keys());
  }
}
