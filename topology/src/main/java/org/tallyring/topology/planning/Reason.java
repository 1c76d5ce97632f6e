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
  REBALANCE("to even out the load");

  private final String because;

  Reason(String because) {
    this.because = because;
  }

  /** The reason as a part of a sentence, for people. */
  public String because() {
    return because;
  }
}
