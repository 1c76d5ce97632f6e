package org.tallyring.client.recording;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.RecordResult;

/** A sealed batch and what has happened to it so far. Confined to the loop. */
final class Batch {

  /** Completes when every row has a definite result or has failed. */
  final CompletableFuture<Void> settled = new CompletableFuture<>();

  /** When its oldest row was recorded, by the loop's clock. */
  final long begunAt;

  Columns columns;

  /** For each row the future to complete, or null; null if no row has one. */
  @Nullable CompletableFuture<RecordResult> @Nullable [] futures;

  /** What it takes of the byte budget. */
  long bytes;

  /** Its number in the lane's session; meaningful while it is among the lane's sent batches. */
  long sequence;

  /** When it was first sent under that number. */
  long firstSentAt;

  /** The stream that carries the attempt that has not been answered; null if there is none. */
  @Nullable ShardStream pendingOn;

  /** When that attempt began. */
  long pendingSince;

  /** Whether the latest attempt was made when nothing else of the lane was on its way. */
  boolean leading;

  /** Why the latest attempt was refused; null if it was not. */
  @Nullable Refusal refusal;

  /** Whether an attempt under the present number ended without a definite answer. */
  boolean doubtful;

  /** Whether its rows have been told that they are in doubt; its number still has to be settled. */
  boolean givenUp;

  Batch(
      Columns columns,
      @Nullable CompletableFuture<RecordResult> @Nullable [] futures,
      long bytes,
      long begunAt) {
    this.columns = columns;
    this.futures = futures;
    this.bytes = bytes;
    this.begunAt = begunAt;
  }

  /** Ends the attempt on its way without an answer. */
  void lose() {
    if (pendingOn != null) {
      pendingOn = null;
      doubtful = true;
    }
  }

  /** Makes it as if it had never been sent. */
  void forgetAttempts() {
    pendingOn = null;
    refusal = null;
    doubtful = false;
  }
}
