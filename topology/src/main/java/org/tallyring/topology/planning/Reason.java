package org.tallyring.topology.planning;

/** Why a range moves. */
public enum Reason {
  /** The range had no owner. */
  UNASSIGNED("it had no owner"),
  /** The owner is not among the live shards. */
  OWNER_DEAD("its owner is not alive"),
  /** The owner is alive and is being emptied on purpose. */
  OWNER_DRAINING("its owner is being drained"),
  /** The owner has more than its share, or the new owner less. */
  REBALANCE("to even out the load"),
  /** The owner has more to do than others, or takes a light range for a heavy one. */
  HEAVY("to move heavy ranges apart");

  private final String because;

  Reason(String because) {
    this.because = because;
  }

  /** Whether the range is served where it is, so that its move can wait. */
  public boolean canWait() {
    return this != UNASSIGNED && this != OWNER_DEAD;
  }

  /** The reason as a part of a sentence, for people. */
  public String because() {
    return because;
  }
}
