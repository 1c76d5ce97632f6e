package org.tallyring.shardserver.coordination;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Versioned values as a coordination service holds them, with the ways in which a real one can
 * answer unclearly. Thread-safe.
 */
public final class InMemoryValues<K, V> {

  private final V absent;
  private final Runnable whenChanged;
  private final Map<K, Versioned<V>> values = new HashMap<>();
  private @Nullable Mishap mishap;
  private @Nullable Runnable race;
  private @Nullable Runnable afterConflict;
  private @Nullable List<Runnable> heldReads;

  /** No values yet. The callback runs after each change, without a lock of these values. */
  InMemoryValues(V absent, Runnable whenChanged) {
    this.absent = absent;
    this.whenChanged = whenChanged;
  }

  /** Spoils the next compare-and-set that names the stored version. */
  public synchronized void nextGoesWrong(Mishap how) {
    mishap = how;
  }

  /** Lets something happen just before the next compare-and-set. */
  public synchronized void happensBeforeNext(Runnable what) {
    race = what;
  }

  /** Lets something happen after the next change that is refused because of its version. */
  public synchronized void happensAfterNextConflict(Runnable what) {
    afterConflict = what;
  }

  /** From now on reads are answered when {@link #answerReads} says so. */
  public synchronized void holdReads() {
    heldReads = new ArrayList<>();
  }

  /** Answers the reads that were held, with what was stored when they came. */
  public void answerReads() {
    List<Runnable> reads;
    synchronized (this) {
      reads = heldReads == null ? List.of() : heldReads;
      heldReads = null;
    }
    reads.forEach(Runnable::run);
  }

  /** What is stored; version {@link Versioned#ABSENT} if there is nothing. */
  public synchronized Versioned<V> stored(K key) {
    return values.getOrDefault(key, new Versioned<>(Versioned.ABSENT, absent));
  }

  /** All values. */
  synchronized Map<K, V> all() {
    Map<K, V> all = new HashMap<>();
    values.forEach((key, versioned) -> all.put(key, versioned.value()));
    return all;
  }

  /** Changes a value behind everybody's back. */
  public void tamper(K key, UnaryOperator<V> change) {
    synchronized (this) {
      Versioned<V> before = stored(key);
      values.put(key, new Versioned<>(before.version() + 1, change.apply(before.value())));
    }
    whenChanged.run();
  }

  synchronized CompletableFuture<Versioned<V>> read(K key) {
    Versioned<V> found = stored(key);
    if (heldReads == null) {
      return CompletableFuture.completedFuture(found);
    }
    CompletableFuture<Versioned<V>> later = new CompletableFuture<>();
    heldReads.add(() -> later.complete(found));
    return later;
  }

  CompletableFuture<Versioned<V>> compareAndSet(K key, int expectedVersion, V value) {
    run(takeRace());
    Versioned<V> next = new Versioned<>(expectedVersion + 1, value);
    Mishap now = null;
    boolean current;
    synchronized (this) {
      current = stored(key).version() == expectedVersion;
      if (current) {
        now = mishap;
        mishap = null;
        if (now == Mishap.NEITHER_APPLIED_NOR_ANSWERED) {
          return CompletableFuture.failedFuture(new CoordinationException("connection lost"));
        }
        values.put(key, next);
      }
    }
    if (!current) {
      run(takeAfterConflict());
      return CompletableFuture.failedFuture(new ConflictException(key.toString()));
    }
    whenChanged.run();
    if (now == Mishap.APPLIED_BUT_REPORTED_AS_CONFLICT) {
      return CompletableFuture.failedFuture(new ConflictException(key.toString()));
    }
    return now == Mishap.APPLIED_BUT_UNANSWERED
        ? CompletableFuture.failedFuture(new CoordinationException("connection lost"))
        : CompletableFuture.completedFuture(next);
  }

  CompletableFuture<Void> delete(K key, int expectedVersion) {
    synchronized (this) {
      if (!values.containsKey(key) || stored(key).version() != expectedVersion) {
        return CompletableFuture.failedFuture(new ConflictException(key.toString()));
      }
      values.remove(key);
    }
    whenChanged.run();
    return CompletableFuture.allOf();
  }

  private synchronized @Nullable Runnable takeAfterConflict() {
    Runnable now = afterConflict;
    afterConflict = null;
    return now;
  }

  private synchronized @Nullable Runnable takeRace() {
    Runnable now = race;
    race = null;
    return now;
  }

  private static void run(@Nullable Runnable what) {
    if (what != null) {
      what.run();
    }
  }
}
