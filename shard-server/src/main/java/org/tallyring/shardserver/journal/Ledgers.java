package org.tallyring.shardserver.journal;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.bookkeeper.client.api.BKException;
import org.apache.bookkeeper.client.api.BookKeeper;
import org.apache.bookkeeper.client.api.DigestType;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.apache.bookkeeper.client.api.WriteHandle;

/** The ledgers of a cluster's ranges. Thread-safe. */
final class Ledgers {

  /** What a ledger holds. */
  enum Kind {
    /** A segment of a journal. */
    JOURNAL("journal"),
    /** A snapshot that its range begins from. */
    SNAPSHOT("snapshot"),
    /** A part of a named snapshot. */
    NAMED_SNAPSHOT("named snapshot");

    private final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  /** Ledgers are guarded by who reaches the bookies, not by a password. */
  private static final byte[] NO_PASSWORD = {};

  private final BookKeeper client;
  private final String cluster;

  Ledgers(BookKeeper client, String cluster) {
    this.client = client;
    this.cluster = cluster;
  }

  /** A new, empty ledger, labelled so that an operator can tell whose it is. */
  CompletableFuture<WriteHandle> create(Kind kind, int rangeId, long epoch, Quorum quorum) {
    return client
        .newCreateLedgerOp()
        .withEnsembleSize(quorum.ensemble())
        .withWriteQuorumSize(quorum.copies())
        .withAckQuorumSize(quorum.acks())
        .withDigestType(DigestType.CRC32C)
        .withPassword(NO_PASSWORD)
        .withCustomMetadata(
            Map.of(
                "app", "tallyring".getBytes(UTF_8),
                "cluster", cluster.getBytes(UTF_8),
                "range", Integer.toString(rangeId).getBytes(UTF_8),
                "epoch", Long.toString(epoch).getBytes(UTF_8),
                "kind", kind.label.getBytes(UTF_8)))
        .execute();
  }

  /**
   * Ends a ledger for whoever still writes it, settles what its last entry is, and opens it to be
   * read. Of a ledger that was ended already only the metadata are read.
   */
  CompletableFuture<ReadHandle> recover(long ledgerId) {
    return open(ledgerId, true);
  }

  /**
   * Opens a ledger to be read without disturbing whoever writes it. To be closed, as it watches the
   * ledger's metadata.
   */
  CompletableFuture<ReadHandle> follow(long ledgerId) {
    return open(ledgerId, false);
  }

  private CompletableFuture<ReadHandle> open(long ledgerId, boolean recovery) {
    return client
        .newOpenLedgerOp()
        .withLedgerId(ledgerId)
        .withRecovery(recovery)
        .withDigestType(DigestType.CRC32C)
        .withPassword(NO_PASSWORD)
        .execute();
  }

  /**
   * Opens a ledger to be read beside whoever writes it, who notices nothing. How far it has been
   * written is known of an ended ledger only.
   */
  CompletableFuture<ReadHandle> read(long ledgerId) {
    return client
        .newOpenLedgerOp()
        .withLedgerId(ledgerId)
        .withRecovery(false)
        .withDigestType(DigestType.CRC32C)
        .withPassword(NO_PASSWORD)
        .execute();
  }

  /** Deletes a ledger; one that is gone already is fine. */
  CompletableFuture<Void> delete(long ledgerId) {
    return client
        .newDeleteLedgerOp()
        .withLedgerId(ledgerId)
        .execute()
        .handle(
            (done, failure) -> {
              if (failure != null && !isMissing(failure)) {
                throw failure instanceof CompletionException wrapped
                    ? wrapped
                    : new CompletionException(failure);
              }
              return null;
            });
  }

  /** Whether a failure says that the ledger does not exist. */
  static boolean isMissing(Throwable failure) {
    int code = code(failure);
    return code == BKException.Code.NoSuchLedgerExistsException
        || code == BKException.Code.NoSuchLedgerExistsOnMetadataServerException;
  }

  /** Whether a failure says that somebody else ended the ledger. */
  static boolean isFenced(Throwable failure) {
    int code = code(failure);
    return code == BKException.Code.LedgerFencedException
        || code == BKException.Code.LedgerClosedException;
  }

  /**
   * The BookKeeper code of a failure, {@link BKException.Code#UnexpectedConditionException} if
   * none.
   */
  static int code(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof BKException bookKeeper) {
        return bookKeeper.getCode();
      }
    }
    return BKException.Code.UnexpectedConditionException;
  }
}
