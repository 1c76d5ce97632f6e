package org.tallyring.shardserver.ownership;

import java.util.List;
import java.util.Optional;
import org.tallyring.shardserver.engine.StateDifference;
import org.tallyring.shardserver.journal.Position;

/**
 * What was found when a range's states were compared with a replay of its journal.
 *
 * @param rangeId the range
 * @param epoch the epoch of the tenure whose live state was looked at
 * @param from the snapshot that the replay began after; {@link Position#START} for the whole
 *     journal
 * @param upTo the last entry that was in the live state
 * @param entries how many entries were replayed
 * @param keys how many keys the live state has
 * @param snapshots how many stored snapshots were compared
 * @param mismatchCount how many differences there are in all states together
 * @param mismatches the first of them
 */
public record RangeVerification(
    int rangeId,
    long epoch,
    Position from,
    Position upTo,
    long entries,
    long keys,
    int snapshots,
    long mismatchCount,
    List<Mismatch> mismatches) {

  /** How many mismatches are named. */
  static final int MOST_NAMED = 20;

  /**
   * Something that a state has and the replay has not, or otherwise.
   *
   * @param snapshot the place of the stored snapshot that it was found in; empty for the live state
   * @param difference what it is
   */
  public record Mismatch(Optional<Position> snapshot, StateDifference difference) {}
}
