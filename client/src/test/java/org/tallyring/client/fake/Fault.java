package org.tallyring.client.fake;

/** What happens to one batch on its way to a range of a {@link FakeCluster}. */
public enum Fault {
  /** Nothing. */
  NONE,
  /** Refused, and to be sent again after a while. */
  OVERLOADED,
  /** Refused, because the range is being moved. */
  IN_HANDOFF,
  /** Answered as in doubt, and applied. */
  IN_DOUBT_APPLIED,
  /** Answered as in doubt, and not applied. */
  IN_DOUBT_LOST,
  /** The stream breaks before the batch is looked at. */
  CUT_BEFORE,
  /** The stream breaks after the batch was applied. */
  CUT_AFTER,
  /** The stream breaks now, and the batch is applied a while later all the same. */
  CUT_AND_LATE,
  /** The batch is applied, the answer never comes. */
  ANSWER_LOST
}
