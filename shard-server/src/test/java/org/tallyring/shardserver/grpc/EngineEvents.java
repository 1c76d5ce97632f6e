package org.tallyring.shardserver.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.internal.v1.NamespaceDefined;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.EventPage;
import org.tallyring.shardserver.engine.EventQuery;
import org.tallyring.shardserver.engine.RangeEngine;
import org.tallyring.shardserver.ownership.EventSource;

/** A range as a watcher sees it: an engine whose every entry is a definition, which is an event. */
final class EngineEvents implements EventSource {

  static final String NAMESPACE = "shop";

  private final int rangeId;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final List<JournalEntry> journal = new ArrayList<>();
  private RangeEngine engine;
  private boolean serving = true;
  private int reads;

  EngineEvents(int rangeId) {
    this.rangeId = rangeId;
    engine = new RangeEngine(rangeId);
  }

  /** Makes one event happen. */
  synchronized void define() {
    JournalEntry entry =
        JournalEntry.newBuilder()
            .setNamespaceDefined(
                NamespaceDefined.newBuilder()
                    .setDefinition(
                        NamespaceDefinition.newBuilder()
                            .setUid(7)
                            .setName(NAMESPACE)
                            .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
                            .setRevision(journal.size() + 1)))
            .build();
    journal.add(entry);
    engine.apply(entry);
    listeners.forEach(Runnable::run);
  }

  /** A new owner: everything is replayed, and who listened is told that the old one is gone. */
  synchronized EngineEvents replayed() {
    EngineEvents next = new EngineEvents(rangeId);
    journal.forEach(next.engine::apply);
    next.journal.addAll(journal);
    lose();
    return next;
  }

  /** The range does not serve any more. */
  synchronized void lose() {
    serving = false;
    listeners.forEach(Runnable::run);
  }

  /** How often a watcher came for events. */
  synchronized int reads() {
    return reads;
  }

  int listeners() {
    return listeners.size();
  }

  @Override
  public synchronized CompletableFuture<@Nullable EventPage> events(EventQuery query) {
    reads++;
    return CompletableFuture.completedFuture(serving ? engine.events(query) : null);
  }

  @Override
  public void listen(Runnable listener, double hitRate) {
    listeners.add(listener);
  }

  @Override
  public void unlisten(Runnable listener) {
    listeners.remove(listener);
  }
}
