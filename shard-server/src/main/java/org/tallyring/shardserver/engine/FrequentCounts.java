package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import org.tallyring.shardserver.engine.strategy.FrequentKeys;

/**
 * The counts of heavy hitters, to be looked up beside keys that another metric ranks. There is no
 * giving all of them: those of the keys that are not held are not known.
 */
final class FrequentCounts implements SlotCounts {

  private final String metric;
  private final KeyTable keys;
  private final FrequentKeys frequent;

  FrequentCounts(String metric, KeyTable keys, FrequentKeys frequent) {
    this.metric = metric;
    this.keys = keys;
    this.frequent = frequent;
  }

  /** The largest count that the slot's key can have; 0 if it is not held. */
  @Override
  public long get(int slot) {
    return frequent.count(ByteString.copyFrom(keys.key(slot)));
  }

  /**
   * Not possible.
   *
   * @throws KeysNotHeldException always
   */
  @Override
  public int forEach(long lowest, Consumer consumer) {
    throw keysNotHeld();
  }

  /** Says why not. */
  KeysNotHeldException keysNotHeld() {
    return new KeysNotHeldException(metric);
  }

  /** Nothing: the counters are the buckets'. */
  @Override
  public long bytes() {
    return 0;
  }
}
