package org.tallyring.shardserver.server;

/** How a shard is, for whoever watches over it. */
public enum ShardHealth {
  /** It serves every range that it is assigned, and keeps as many copies as there should be. */
  SERVING("serving"),
  /** It serves every range, but new entries get fewer copies than there should be. */
  FEWER_COPIES("degraded: fewer copies than wanted, because bookies are missing"),
  /** It takes increments, but must refuse reads, and nothing moves. */
  OUT_OF_TOUCH(
      "degraded: no ZooKeeper session; increments are taken, reads refused, nothing moves"),
  /** Some range that it is assigned is not served, or it is assigned none. */
  NOT_SERVING("not serving");

  private final String sentence;

  ShardHealth(String sentence) {
    this.sentence = sentence;
  }

  /** The state in words. */
  public String sentence() {
    return sentence;
  }

  /**
   * Whether the process does what it can. A degraded one does: to restart it would not help, and to
   * take no increments to it any more would make things worse.
   */
  public boolean isServing() {
    return this != NOT_SERVING;
  }
}
