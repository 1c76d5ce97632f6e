package org.tallyring.shardserver.grpc;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.AssignmentStore;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.CoordinationException;
import org.tallyring.shardserver.coordination.Election;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.coordination.Membership;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.RangeStore;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.shardserver.coordination.Versioned;

/**
 * As much of the coordination as services look at. Fields are set by the test; the view is what was
 * true at the last {@link #tell}, so that it can be as old as a test wants it to be.
 */
final class FakeCoordination implements Coordination, ClusterWatch, NamespaceStore {

  final InMemoryRangeStore records = new InMemoryRangeStore();
  final SortedMap<String, Member> members = new TreeMap<>();
  final List<String> owners;
  String controller = "";
  volatile SessionState session = SessionState.CONNECTED;

  /** Whether the namespace store answers at all. */
  volatile boolean unreachable;

  /** Runs once, before the next change is compared with what is stored. */
  @Nullable Runnable beforeChange;

  /** Runs once, after the next change that was refused because of its version. */
  @Nullable Runnable afterConflict;

  private final Map<String, Versioned<NamespaceDefinition>> stored = new TreeMap<>();
  private final List<Consumer<ClusterView>> listeners = new CopyOnWriteArrayList<>();
  private @Nullable List<Runnable> heldReads;
  private volatile ClusterView view;

  FakeCoordination(int rangeCount) {
    owners = new ArrayList<>(Collections.nCopies(rangeCount, ""));
    view = picture();
  }

  /** Makes the present state the view. */
  void tell() {
    ClusterView now = picture();
    view = now;
    listeners.forEach(listener -> listener.accept(now));
  }

  private synchronized ClusterView picture() {
    List<RangeRecord> ranges = new ArrayList<>();
    for (int rangeId = 0; rangeId < owners.size(); rangeId++) {
      ranges.add(records.record(rangeId));
    }
    TreeMap<String, NamespaceDefinition> namespaces = new TreeMap<>();
    stored.forEach((name, definition) -> namespaces.put(name, definition.value()));
    return new ClusterView(
        ClusterConfig.newBuilder().setRangeCount(owners.size()).setHashName("xxh3-64").build(),
        new TreeMap<>(members),
        controller,
        new Versioned<>(0, AssignmentTarget.newBuilder().addAllOwners(owners).build()),
        ranges,
        namespaces);
  }

  /** From now on reads of namespaces are answered when {@link #answerReads} says so. */
  synchronized void holdReads() {
    heldReads = new ArrayList<>();
  }

  void answerReads() {
    List<Runnable> reads;
    synchronized (this) {
      reads = heldReads == null ? List.of() : heldReads;
      heldReads = null;
    }
    reads.forEach(Runnable::run);
  }

  @Override
  public ClusterView view() {
    return view;
  }

  @Override
  public void listen(Consumer<ClusterView> listener) {
    listeners.add(listener);
    listener.accept(view);
  }

  @Override
  public synchronized CompletableFuture<Versioned<NamespaceDefinition>> read(String name) {
    if (unreachable) {
      return CompletableFuture.failedFuture(new CoordinationException("connection lost: secret"));
    }
    Versioned<NamespaceDefinition> found = find(name);
    if (heldReads == null) {
      return CompletableFuture.completedFuture(found);
    }
    CompletableFuture<Versioned<NamespaceDefinition>> later = new CompletableFuture<>();
    heldReads.add(() -> later.complete(found));
    return later;
  }

  private Versioned<NamespaceDefinition> find(String name) {
    return stored.getOrDefault(
        name, new Versioned<>(Versioned.ABSENT, NamespaceDefinition.getDefaultInstance()));
  }

  @Override
  public synchronized CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
      int expectedVersion, NamespaceDefinition definition) {
    return changed(
        definition.getName(),
        expectedVersion,
        () -> {
          Versioned<NamespaceDefinition> next = new Versioned<>(expectedVersion + 1, definition);
          stored.put(definition.getName(), next);
          return next;
        });
  }

  @Override
  public synchronized CompletableFuture<Void> delete(String name, int expectedVersion) {
    return changed(name, expectedVersion, () -> stored.remove(name)).thenApply(removed -> null);
  }

  private <T> CompletableFuture<T> changed(String name, int expectedVersion, Supplier<T> change) {
    Runnable before = beforeChange;
    beforeChange = null;
    if (before != null) {
      before.run();
    }
    if (unreachable) {
      return CompletableFuture.failedFuture(new CoordinationException("connection lost: secret"));
    }
    if (find(name).version() == expectedVersion) {
      return CompletableFuture.completedFuture(change.get());
    }
    Runnable after = afterConflict;
    afterConflict = null;
    if (after != null) {
      after.run();
    }
    return CompletableFuture.failedFuture(new ConflictException(name));
  }

  @Override
  public ClusterWatch watch() {
    return this;
  }

  @Override
  public NamespaceStore namespaces() {
    return this;
  }

  @Override
  public RangeStore ranges() {
    return records;
  }

  @Override
  public SessionState sessionState() {
    return session;
  }

  @Override
  public Membership membership() {
    throw new UnsupportedOperationException();
  }

  @Override
  public Election election() {
    throw new UnsupportedOperationException();
  }

  @Override
  public AssignmentStore assignment() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void listenToSession(Consumer<SessionState> listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
