package org.tallyring.shardserver.ownership;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;

/**
 * The events of one tenure of a range. Thread-safe.
 *
 * <p>Watchers come for events when they can take some; until then the range keeps them within its
 * own bounds. So no watcher can slow a range or take its memory.
 */
public interface EventSource {

  /** What a watcher has not seen yet; null when the range does not serve. */
  CompletableFuture<@Nullable EventPage> events(EventQuery query);

  /**
   * Calls the listener after each entry with new events, and when the range ceases to serve, on the
   * range's loop. It must do next to nothing there.
   *
   * @param hitRate which share of the increments the listener wants as hits
   */
  void listen(Runnable listener, double hitRate);

  /** Ends what {@link #listen} began; a call may be on its way. */
  void unlisten(Runnable listener);
}
