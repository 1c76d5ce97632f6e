package org.tallyring.shardserver.ownership;

import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.PublishedRankings;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.engine.RankingFloors;

/**
 * What a range's applied state answers, until it is ended. Belongs to the range's loop.
 *
 * <p>It outlives the tenure that made it when the journal took no more appends though nobody else
 * has the range: see {@link OwnedRange#reopen}.
 */
final class RangeQueries {

  /** The longest rankings that are published. */
  private static final int PUBLISHED_K = 1000;

  /** Rankings are not computed anew more often than this, however many collectors ask. */
  private static final long PUBLISH_EVERY_MILLIS = 200;

  private final RangeEngine engine;
  private final long epoch;
  private final InstantSource clock;
  private final RankedViews views;
  private long publishedAtMillis = Long.MIN_VALUE;
  private @Nullable PublishedRankings latest;
  private RankingFloors latestFloors = RankingFloors.OF_NOTHING;
  private boolean ended;

  /** The questions to the state of a tenure that begins to serve. */
  RangeQueries(RangeEngine engine, long epoch, InstantSource clock, Executor loop) {
    this.engine = engine;
    this.epoch = epoch;
    this.clock = clock;
    this.views = new RankedViews(engine, clock, loop, () -> !ended);
  }

  /**
   * Ranks the open windows of an engine that nobody asks yet. The first time that takes a scan of
   * all counts, from then on a few thousand are looked at.
   */
  static void prepare(RangeEngine engine, InstantSource clock) {
    engine.publish(clock.millis(), PUBLISHED_K);
  }

  /** The epoch of the tenure that counted what is asked for. */
  long epoch() {
    return epoch;
  }

  /** Answers from the state as it is. */
  <T> T ask(Function<RangeEngine, T> question) {
    return question.apply(engine);
  }

  /** Answers from a sorted view, or null if this ends before there is one. */
  <T> CompletableFuture<@Nullable T> askRanked(
      RankedInterval interval, BiFunction<RangeEngine, NumberedView, T> question) {
    return views
        .read(interval)
        .thenApply(view -> view == null ? null : question.apply(engine, view));
  }

  /** The sorted view of a number, null if it is kept no more. */
  @Nullable NumberedView pinned(long number) {
    return views.pinned(number);
  }

  /** See {@link OwnedRange#published}. */
  PublishedRankings published(RankingFloors floors) {
    long now = clock.millis();
    views.drop(now);
    PublishedRankings known = latest;
    if (known != null
        && now - publishedAtMillis < PUBLISH_EVERY_MILLIS
        && floors.isServedBy(latestFloors)) {
      return known;
    }
    publishedAtMillis = now;
    latestFloors = floors;
    PublishedRankings fresh = engine.publish(now, PUBLISHED_K, floors);
    latest = fresh;
    return fresh;
  }

  /** Whether nothing may be asked any more. */
  boolean isEnded() {
    return ended;
  }

  /** From now on nothing may be asked; what is being made answers null. */
  void end() {
    ended = true;
  }
}
