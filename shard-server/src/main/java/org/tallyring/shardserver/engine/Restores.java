package org.tallyring.shardserver.engine;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.NamespaceRestored;
import org.tallyring.proto.internal.v1.SnapshotRestore;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * The namespaces of a range that are being restored. They are kept apart from those that are
 * served, so that no question can find one in part; a definition of theirs in the journal moves
 * them there.
 *
 * <p>What is wrong with a piece shows only when it is applied, and then it is in the journal for
 * good: so nothing here fails. A restore whose piece cannot be applied, or whose pieces do not
 * follow each other, is dropped, by every replay alike, and whoever sent the piece finds that it is
 * not here.
 */
final class Restores {

  /** No piece was applied. */
  static final long NOTHING = 0;

  /**
   * One restore.
   *
   * @param basedOnRevision the stored definition's revision when it began, 0 for none
   */
  record Restore(
      NamespaceCounts counts, String snapshot, long basedOnRevision, long[] lastSequence) {

    Restore(NamespaceCounts counts, SnapshotRestore stored) {
      this(
          counts,
          stored.getSnapshot(),
          stored.getBasedOnRevision(),
          new long[] {stored.getSequence()});
    }

    SnapshotRestore stored() {
      return SnapshotRestore.newBuilder()
          .setSequence(lastSequence[0])
          .setSnapshot(snapshot)
          .setBasedOnRevision(basedOnRevision)
          .build();
    }
  }

  private final Map<Long, Restore> byUid = new LinkedHashMap<>();

  /** All that are under way, in the order of their first pieces. */
  Collection<Restore> all() {
    return byUid.values();
  }

  /** Adds one that a range's snapshot holds. */
  void restore(Restore restore) {
    byUid.put(restore.counts.uid(), restore);
  }

  /** The last piece applied of a namespace, or {@link #NOTHING}. */
  long lastSequence(long uid) {
    Restore restore = byUid.get(uid);
    return restore == null ? NOTHING : restore.lastSequence[0];
  }

  /**
   * Applies a piece; one that was applied before changes nothing.
   *
   * @return what the piece adds to the sum of all absolute deltas, at most
   */
  long apply(NamespaceRestored piece) {
    long uid = piece.getNamespaceUid();
    Restore restore = byUid.get(uid);
    if (restore == null && piece.getSequence() == NOTHING + 1) {
      restore = begin(piece);
      byUid.put(uid, restore);
    }
    if (restore == null || piece.getSequence() <= restore.lastSequence[0]) {
      return 0;
    }
    if (piece.getSequence() != restore.lastSequence[0] + 1) {
      byUid.remove(uid);
      return 0;
    }
    try {
      NamespaceMerge merge = new NamespaceMerge(restore.counts);
      SnapshotPieces.read(piece.getPieces(), merge::add);
      restore.lastSequence[0] = piece.getSequence();
      return merge.absoluteSum();
    } catch (RuntimeException damaged) {
      byUid.remove(uid);
      return 0;
    }
  }

  private static Restore begin(NamespaceRestored piece) {
    NamespaceDefinition definition = piece.getDefinition();
    NamespaceCounts counts = new NamespaceCounts(piece.getNamespaceUid(), definition.getName());
    // Of no revision: the one that it will be served under is newer in any case.
    counts.restore(definition.toBuilder().setRevision(0).build(), Long.MIN_VALUE);
    return new Restore(
        counts, piece.getSnapshot(), piece.getBasedOnRevision(), new long[] {NOTHING});
  }

  /**
   * Takes out the restore that a definition makes served, if there is one, and drops those that it
   * makes void: they began before it was stored, so their own definitions can never be.
   */
  @Nullable Restore finish(NamespaceDefinition definition) {
    Restore finished = byUid.remove(definition.getUid());
    byUid
        .values()
        .removeIf(
            other ->
                other.counts.name().equals(definition.getName())
                    && other.basedOnRevision < definition.getRevision());
    return finished;
  }

  /** Gives a restore up. */
  void drop(long uid) {
    byUid.remove(uid);
  }
}
