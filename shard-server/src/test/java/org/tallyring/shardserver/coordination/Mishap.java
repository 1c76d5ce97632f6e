package org.tallyring.shardserver.coordination;

/** How a store can answer a compare-and-set unclearly or wrongly. */
public enum Mishap {
  /** It is applied, but its answer says that another version was stored. */
  APPLIED_BUT_REPORTED_AS_CONFLICT,
  /** It is applied, but its answer is lost. */
  APPLIED_BUT_UNANSWERED,
  /** It is not applied, and its answer is lost. */
  NEITHER_APPLIED_NOR_ANSWERED
}
