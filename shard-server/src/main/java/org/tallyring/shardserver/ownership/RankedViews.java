package org.tallyring.shardserver.ownership;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankedView;
import org.tallyring.shardserver.engine.RankedViewBuild;

/**
 * The sorted views of one range: made when somebody asks, used again while the counts are the same,
 * and for a second while they change, so that a rank costs a binary search and not a sort.
 *
 * <p>A view is sorted on the range's loop in slices of {@value #SLICE_ROWS} rows, between which
 * batches and other reads have their turn. A slice took 0.06-0.3 ms, and copying, which comes first
 * and at once, 0.2-0.5 ms for 16 thousand keys and 2 ms for 156 thousand, on a machine that was
 * busy with other things. What must be worked out is copied in slices as well. One view is made at
 * a time; the others wait.
 *
 * <p>At most {@value #MAX_VIEWS} are held, those used last, and none longer than a minute after its
 * last use, which is looked at whenever rankings are collected. At 12 bytes a key this bounds them
 * to 96 bytes a key, as long as so many different rankings are asked for. Each has a number by
 * which a page token finds it again, newer ones or not; numbers are never used again in a tenure.
 *
 * <p>Belongs to the range's loop.
 */
final class RankedViews {

  /** How many are held. */
  static final int MAX_VIEWS = 8;

  /** How many rows are sorted before others have their turn. */
  static final int SLICE_ROWS = 8_192;

  /** How long a view is used though the counts have changed. */
  static final long FRESH_MILLIS = 1_000;

  /** How long a view is held after its last use. */
  static final long IDLE_MILLIS = 60_000;

  private final RangeEngine engine;
  private final InstantSource clock;
  private final Executor loop;
  private final BooleanSupplier serving;

  /** By number, in the order of their last uses. */
  private final Map<Long, Held> held = new LinkedHashMap<>(16, 0.75f, true);

  private final Map<RankedInterval, Held> newest = new LinkedHashMap<>();
  private final ArrayDeque<Making> waiting = new ArrayDeque<>();
  private long lastNumber;

  /**
   * No views.
   *
   * @param loop runs slices; the thread that calls everything here
   * @param serving whether the range still answers
   */
  RankedViews(RangeEngine engine, InstantSource clock, Executor loop, BooleanSupplier serving) {
    this.engine = engine;
    this.clock = clock;
    this.loop = loop;
    this.serving = serving;
  }

  /** A view and when it was used last. */
  private static final class Held {
    final NumberedView view;
    final RankedInterval interval;
    long usedAtMillis;

    Held(NumberedView view, RankedInterval interval, long usedAtMillis) {
      this.view = view;
      this.interval = interval;
      this.usedAtMillis = usedAtMillis;
    }
  }

  /** A view that is wanted. */
  private static final class Making {
    final RankedInterval interval;
    final CompletableFuture<@Nullable NumberedView> result = new CompletableFuture<>();
    @Nullable RankedViewBuild build;
    long copiedAtMillis;

    Making(RankedInterval interval) {
      this.interval = interval;
    }
  }

  /**
   * A view that is fresh enough; null if the range ends before it is made. Completes on the loop.
   */
  CompletableFuture<@Nullable NumberedView> read(RankedInterval interval) {
    long now = clock.millis();
    Held known = newest.get(interval);
    if (known != null) {
      boolean unchanged =
          known
              .view
              .view()
              .state()
              .equals(
                  engine
                      .rankings()
                      .state(interval.namespaceUid(), interval.metric(), interval.interval()));
      if (unchanged || now - known.view.asOfMillis() < FRESH_MILLIS) {
        use(known, now);
        return CompletableFuture.completedFuture(unchanged ? known.view.asOf(now) : known.view);
      }
    }
    for (Making making : waiting) {
      if (making.interval.equals(interval)) {
        return making.result;
      }
    }
    Making making = new Making(interval);
    waiting.add(making);
    if (waiting.size() == 1) {
      loop.execute(this::goOn);
    }
    return making.result;
  }

  /** The view of a number, if it is still held. */
  @Nullable NumberedView pinned(long number) {
    drop(clock.millis());
    Held found = held.get(number);
    if (found == null) {
      return null;
    }
    use(found, clock.millis());
    return found.view;
  }

  /** Lets go of views that nobody used for a minute. */
  void drop(long nowMillis) {
    Iterator<Held> oldestFirst = held.values().iterator();
    while (oldestFirst.hasNext()) {
      Held each = oldestFirst.next();
      if (held.size() <= MAX_VIEWS && nowMillis - each.usedAtMillis < IDLE_MILLIS) {
        return;
      }
      oldestFirst.remove();
      newest.remove(each.interval, each);
    }
  }

  private void use(Held used, long now) {
    used.usedAtMillis = now;
    held.get(used.view.number());
  }

  private void goOn() {
    if (!serving.getAsBoolean()) {
      List<Making> abandoned = List.copyOf(waiting);
      waiting.clear();
      abandoned.forEach(making -> making.result.complete(null));
      return;
    }
    Making making = Objects.requireNonNull(waiting.peek());
    try {
      if (isDone(making)) {
        waiting.remove();
      }
    } catch (RuntimeException e) {
      waiting.remove();
      making.result.completeExceptionally(e);
    }
    if (!waiting.isEmpty()) {
      loop.execute(this::goOn);
    }
  }

  private boolean isDone(Making making) {
    RankedViewBuild build = making.build;
    if (build == null) {
      RankedInterval wanted = making.interval;
      making.copiedAtMillis = clock.millis();
      build = engine.rankings().view(wanted.namespaceUid(), wanted.metric(), wanted.interval());
      making.build = build;
    }
    if (!build.advance(SLICE_ROWS)) {
      return false;
    }
    finish(making, build.view());
    return true;
  }

  private void finish(Making making, RankedView view) {
    long now = clock.millis();
    lastNumber++;
    NumberedView numbered = new NumberedView(lastNumber, view, making.copiedAtMillis);
    Held made = new Held(numbered, making.interval, now);
    held.put(lastNumber, made);
    newest.put(making.interval, made);
    drop(now);
    making.result.complete(numbered);
  }
}
