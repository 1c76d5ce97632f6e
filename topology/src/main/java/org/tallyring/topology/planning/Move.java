package org.tallyring.topology.planning;

/**
 * One range that changes its owner.
 *
 * @param rangeId the range
 * @param from the shard that should have owned it so far; empty for none
 * @param to the shard that should own it from now on; empty for none
 * @param reason why
 */
public record Move(int rangeId, String from, String to, Reason reason) {

  /** The move in one sentence, for logs and for people who look at a plan before it runs. */
  public String sentence() {
    return "range "
        + rangeId
        + (from.isEmpty() ? "" : " from " + from)
        + (to.isEmpty() ? " to nobody" : " to " + to)
        + ": "
        + reason.because();
  }
}
