package org.tallyring.client;

/** What became of a recorded increment. Either way it is durable and counts exactly once. */
public enum RecordResult {
  /** It was applied by the send that was answered. */
  APPLIED,
  /**
   * It counted before: an earlier send of it, whose answer was lost, or another of its event id.
   */
  DUPLICATE
}
