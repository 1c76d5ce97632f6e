package org.tallyring.client;

/** What became of a recorded increment. Either way it is durable and counts exactly once. */
public enum RecordResult {
  /** It was applied by the send that was answered. */
  APPLIED,
  /** An earlier send of it, whose answer was lost, had applied it. */
  DUPLICATE
}
