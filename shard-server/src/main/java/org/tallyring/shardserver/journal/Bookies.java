package org.tallyring.shardserver.journal;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.discover.RegistrationClient.RegistrationListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many bookies there are, kept up to date by the metadata service. Choosing a quorum asks
 * nobody, so that opening all ranges of a shard at once costs no round trips for it. Thread-safe.
 */
final class Bookies implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Bookies.class);

  private record Census(int registered, int writable) {}

  private final RegistrationClient registration;
  private final boolean singleMachine;
  private final Runnable changed;
  private final RegistrationListener listener;
  private final CompletableFuture<Void> counted = new CompletableFuture<>();
  private volatile Census census = new Census(0, 0);

  /**
   * Begins to count.
   *
   * @param changed called after each change, on a thread of the metadata service's; must not block
   */
  Bookies(RegistrationClient registration, boolean singleMachine, Runnable changed) {
    this.registration = registration;
    this.singleMachine = singleMachine;
    this.changed = changed;
    this.listener = writable -> recount(writable.getValue().size());
  }

  /** Completes with the first count. */
  CompletableFuture<Void> start() {
    registration
        .watchWritableBookies(listener)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                counted.completeExceptionally(failure);
              }
            });
    return counted;
  }

  /** The quorum for a new ledger. */
  Optional<Quorum> quorum() {
    Census now = census;
    return Quorum.writable(now.registered(), now.writable(), singleMachine);
  }

  /** Whether a quorum keeps as many copies as the cluster's bookies are there for. */
  boolean suffices(Quorum quorum) {
    return quorum.copies() >= Quorum.wantedCopies(census.registered());
  }

  /** What there is, for an operator. */
  String describe() {
    Census now = census;
    return now.writable() + " writable of " + now.registered() + " bookies";
  }

  /** A bookie stays registered by its cookie when its process is gone: what is missing is known. */
  private void recount(int writable) {
    registration
        .getAllBookies()
        .whenComplete(
            (all, failure) -> {
              if (failure != null) {
                log.warn(
                    "The registered bookies cannot be listed; counting the writable ones", failure);
              }
              int known = all == null ? census.registered() : all.getValue().size();
              census = new Census(Math.max(known, writable), writable);
              report();
              counted.complete(null);
              changed.run();
            });
  }

  private void report() {
    Optional<Quorum> quorum = quorum();
    if (quorum.isEmpty()) {
      log.warn("{}: too few for new segments, ranges cannot be opened. Start bookies", describe());
    } else if (!suffices(quorum.get())) {
      log.warn(
          "{}: new segments get {} copies (expected: {}). Start the missing bookies",
          describe(),
          quorum.get().copies(),
          Quorum.wantedCopies(census.registered()));
    } else if (quorum.get().copies() == 1) {
      log.info("One copy: it survives a crash of process and system, not the loss of the disk");
    } else {
      log.info("{}: new segments get {} copies", describe(), quorum.get().copies());
    }
  }

  @Override
  public void close() {
    registration.unwatchWritableBookies(listener);
  }
}
