package org.tallyring.shardserver.journal;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.bookkeeper.discover.BookieServiceInfo;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.net.BookieId;
import org.apache.bookkeeper.versioning.Versioned;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which bookies there are, told also where BookKeeper's watch of them has died.
 *
 * <p>BookKeeper sets its watch anew when a session with ZooKeeper ends, but not always: in a long
 * run of faults a client that had been connected again for eight minutes held no watch at all. It
 * took two of three bookies for gone, and its shard could open no range any more. So the list is
 * also read from time to time ({@link #look}), and if it is twice the same and not what the
 * listeners heard last, they hear it now. Reading it also finds the addresses of bookies that were
 * not known.
 *
 * <p>Thread-safe.
 */
final class SteadyRegistrationClient implements RegistrationClient {

  private static final Logger log = LoggerFactory.getLogger(SteadyRegistrationClient.class);

  private static final long PATIENCE_SECONDS = 30;

  private final RegistrationClient watched;
  private final Census writable;
  private final Census readOnly;

  /**
   * Upon one that watches.
   *
   * @param watched what this adds to
   */
  SteadyRegistrationClient(RegistrationClient watched) {
    this.watched = watched;
    this.writable =
        new Census(
            "writable",
            watched::getWritableBookies,
            watched::watchWritableBookies,
            watched::unwatchWritableBookies);
    this.readOnly =
        new Census(
            "read-only",
            watched::getReadOnlyBookies,
            watched::watchReadOnlyBookies,
            watched::unwatchReadOnlyBookies);
  }

  /** One list of bookies, and who wants to hear of changes. */
  private static final class Census implements RegistrationListener {

    private final String name;
    private final Supplier<CompletableFuture<Versioned<Set<BookieId>>>> list;
    private final Function<RegistrationListener, CompletableFuture<Void>> watching;
    private final Consumer<RegistrationListener> unwatching;
    private final Set<RegistrationListener> listeners = new CopyOnWriteArraySet<>();
    private final AtomicBoolean asked = new AtomicBoolean();
    private @Nullable Set<BookieId> told;
    private @Nullable Set<BookieId> missed;

    Census(
        String name,
        Supplier<CompletableFuture<Versioned<Set<BookieId>>>> list,
        Function<RegistrationListener, CompletableFuture<Void>> watching,
        Consumer<RegistrationListener> unwatching) {
      this.name = name;
      this.list = list;
      this.watching = watching;
      this.unwatching = unwatching;
    }

    CompletableFuture<Void> watch(RegistrationListener listener) {
      // First, so that it knows whatever another listener was told.
      var unused = watching.apply(this);
      listeners.add(listener);
      return watching
          .apply(listener)
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  unwatch(listener);
                }
              });
    }

    void unwatch(RegistrationListener listener) {
      listeners.remove(listener);
      unwatching.accept(listener);
      if (listeners.isEmpty()) {
        unwatching.accept(this);
      }
    }

    /** What the watch told everybody. */
    @Override
    public synchronized void onBookiesChanged(Versioned<Set<BookieId>> bookies) {
      told = Set.copyOf(bookies.getValue());
      missed = null;
    }

    /** One at a time: without ZooKeeper answers only come when it is back, and then all at once. */
    void look() {
      if (listeners.isEmpty() || !asked.compareAndSet(false, true)) {
        return;
      }
      ask()
          .whenComplete(
              (found, failure) -> {
                asked.set(false);
                if (failure == null && isMissed(found.getValue())) {
                  log.info(
                      "The watch of the {} bookies has missed a change; there are {}",
                      name,
                      found.getValue());
                  listeners.forEach(listener -> listener.onBookiesChanged(found));
                }
              });
    }

    /** The list; gives up waiting for an answer that may have got lost as the watch did. */
    private CompletableFuture<Versioned<Set<BookieId>>> ask() {
      try {
        return list.get().copy().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (RuntimeException unaskable) {
        return CompletableFuture.failedFuture(unaskable);
      }
    }

    /** Whether it was the same the last time, and still nobody was told. */
    private synchronized boolean isMissed(Set<BookieId> found) {
      if (told == null || found.equals(told)) {
        missed = null;
        return false;
      }
      if (!found.equals(missed)) {
        missed = Set.copyOf(found);
        return false;
      }
      told = missed;
      missed = null;
      return true;
    }
  }

  /** Reads the lists, and tells what was missed. Does not wait, and does not fail. */
  void look() {
    writable.look();
    readOnly.look();
  }

  @Override
  public CompletableFuture<Void> watchWritableBookies(RegistrationListener listener) {
    return writable.watch(listener);
  }

  @Override
  public void unwatchWritableBookies(RegistrationListener listener) {
    writable.unwatch(listener);
  }

  @Override
  public CompletableFuture<Void> watchReadOnlyBookies(RegistrationListener listener) {
    return readOnly.watch(listener);
  }

  @Override
  public void unwatchReadOnlyBookies(RegistrationListener listener) {
    readOnly.unwatch(listener);
  }

  @Override
  public CompletableFuture<Versioned<Set<BookieId>>> getWritableBookies() {
    return watched.getWritableBookies();
  }

  @Override
  public CompletableFuture<Versioned<Set<BookieId>>> getAllBookies() {
    return watched.getAllBookies();
  }

  @Override
  public CompletableFuture<Versioned<Set<BookieId>>> getReadOnlyBookies() {
    return watched.getReadOnlyBookies();
  }

  @Override
  public CompletableFuture<Versioned<BookieServiceInfo>> getBookieServiceInfo(BookieId id) {
    return watched.getBookieServiceInfo(id);
  }

  @Override
  public void close() {
    watched.close();
  }
}
