package org.tallyring.shardserver.journal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.apache.bookkeeper.client.api.LedgerEntries;
import org.apache.bookkeeper.client.api.LedgerEntry;
import org.apache.bookkeeper.client.api.ReadHandle;
import org.jspecify.annotations.Nullable;

/**
 * Reads entries of ended ledgers in order, one chunk ahead: while the consumer works on a chunk,
 * the bookies send the next. BookKeeper asks for every entry by itself, so the size of a chunk
 * bounds the requests under way as much as the memory: two chunks at most.
 */
final class ChunkedReader {

  /**
   * A stretch of entries.
   *
   * @param segment the number under which they are reported
   * @param ledger where they are
   * @param first the first one
   * @param last the last one; before the first if there are none
   */
  record Stretch(long segment, ReadHandle ledger, long first, long last) {}

  /** Takes entries. */
  interface EntryConsumer {
    /** Takes the next one. What it throws ends the reading. */
    void accept(Position position, byte[] entry);
  }

  /** Small entries would make very many requests of few bytes. */
  private static final long MOST_ENTRIES = 1_024;

  private final List<Stretch> chunks;
  private final Executor executor;
  private final EntryConsumer consumer;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private ChunkedReader(List<Stretch> chunks, Executor executor, EntryConsumer consumer) {
    this.chunks = chunks;
    this.executor = executor;
    this.consumer = consumer;
  }

  /**
   * Reads stretches one after the other.
   *
   * @param chunkBytes about how much is asked for at once
   * @param executor where the consumer is called, one entry at a time
   */
  static CompletableFuture<Void> read(
      List<Stretch> stretches, int chunkBytes, Executor executor, EntryConsumer consumer) {
    List<Stretch> chunks = new ArrayList<>();
    for (Stretch stretch : stretches) {
      long step = entriesPerChunk(stretch.ledger(), chunkBytes);
      for (long first = stretch.first(); first <= stretch.last(); first += step) {
        long last = Math.min(first + step - 1, stretch.last());
        chunks.add(new Stretch(stretch.segment(), stretch.ledger(), first, last));
      }
    }
    ChunkedReader reader = new ChunkedReader(chunks, executor, consumer);
    if (chunks.isEmpty()) {
      reader.done.complete(null);
    } else {
      reader.consume(0, reader.request(0));
    }
    return reader.done;
  }

  /** How many entries of a ledger are asked for at once, so that they are about a chunk. */
  static long entriesPerChunk(ReadHandle ledger, int chunkBytes) {
    long entries = ledger.getLastAddConfirmed() + 1;
    long average = Math.max(1, ledger.getLength() / Math.max(1, entries));
    return Math.max(1, Math.min(MOST_ENTRIES, chunkBytes / average));
  }

  private CompletableFuture<LedgerEntries> request(int chunk) {
    Stretch stretch = chunks.get(chunk);
    return stretch.ledger().readAsync(stretch.first(), stretch.last());
  }

  private void consume(int chunk, CompletableFuture<LedgerEntries> requested) {
    requested
        .thenAcceptAsync(
            entries -> {
              boolean more = chunk + 1 < chunks.size();
              @Nullable CompletableFuture<LedgerEntries> next = more ? request(chunk + 1) : null;
              try (entries) {
                for (LedgerEntry entry : entries) {
                  consumer.accept(
                      new Position(chunks.get(chunk).segment(), entry.getEntryId()),
                      entry.getEntryBytes());
                }
              } catch (RuntimeException | Error e) {
                if (next != null) {
                  next.thenAccept(LedgerEntries::close);
                }
                throw e;
              }
              if (next == null) {
                done.complete(null);
              } else {
                consume(chunk + 1, next);
              }
            },
            executor)
        .whenComplete(
            (consumed, failure) -> {
              if (failure != null) {
                done.completeExceptionally(failure);
              }
            });
  }
}
