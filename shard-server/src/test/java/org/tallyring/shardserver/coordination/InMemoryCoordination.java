package org.tallyring.shardserver.coordination;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * One process's connection to an {@link InMemoryCluster}: the twin of {@link CuratorCoordination},
 * with a session that a test breaks and mends. Thread-safe.
 */
public final class InMemoryCoordination
    implements Coordination, ClusterWatch, Membership, Election {

  private record Candidacy(String id, Consumer<Boolean> listener) {}

  private static final Duration LEASE = Duration.ofSeconds(3);

  private final AtomicLong nanoClock = new AtomicLong();
  private final SessionLease lease = new SessionLease(nanoClock::get, LEASE);
  private final InMemoryCluster cluster;
  private final Executor executor;
  private final Runnable whenClosed;
  private final List<Consumer<ClusterView>> viewListeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<SessionState>> sessionListeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean viewDue = new AtomicBoolean();
  private volatile ClusterView view;
  private volatile SessionState state = SessionState.CONNECTED;

  // What follows is guarded by the cluster.
  private long session;
  private boolean inTouch = true;
  private boolean viewsHeld;
  private boolean over;
  private boolean elected;
  private @Nullable Member self;
  private @Nullable Candidacy candidacy;

  InMemoryCoordination(InMemoryCluster cluster, Executor executor, Runnable whenClosed) {
    this.cluster = cluster;
    this.executor = executor;
    this.whenClosed = whenClosed;
    session = cluster.openSession();
    view = cluster.view();
  }

  /** Cuts the process off; its session lives on. */
  public void suspend() {
    synchronized (cluster) {
      inTouch = false;
      moveTo(SessionState.SUSPENDED);
      cluster.changed();
    }
  }

  /** Ends the session. A process that is cut off hears of it when it is back. */
  public void expire() {
    synchronized (cluster) {
      cluster.endSession(session);
      if (inTouch) {
        inTouch = false;
        moveTo(SessionState.LOST);
      }
      cluster.changed();
    }
  }

  /** Brings the process back, with a new session if the former has ended. */
  public void resume() {
    synchronized (cluster) {
      if (!cluster.lives(session)) {
        moveTo(SessionState.LOST);
        session = cluster.openSession();
      }
      inTouch = true;
      moveTo(SessionState.CONNECTED);
      cluster.changed();
    }
  }

  /** Lets time pass in which the process hears nothing, neither answers nor news of its session. */
  public void outliveLease() {
    nanoClock.addAndGet(LEASE.toNanos());
  }

  /** Lets the coordination service answer that the session is alive. */
  public void proveSession() {
    lease.proven(nanoClock.get());
  }

  /** Lets the process see nothing new for a while, as a slow cache does. */
  public void holdViews() {
    synchronized (cluster) {
      viewsHeld = true;
    }
  }

  /** Ends {@link #holdViews}. */
  public void releaseViews() {
    synchronized (cluster) {
      viewsHeld = false;
      cluster.changed();
    }
  }

  @Override
  public void join(Member member) {
    synchronized (cluster) {
      if (!inTouch) {
        throw new CoordinationException("cannot register " + member.getId());
      }
      cluster.register(session, member);
      self = member;
      cluster.changed();
    }
  }

  @Override
  public void update(Member member) {
    synchronized (cluster) {
      if (self != null && self.getIncarnation() == member.getIncarnation()) {
        self = member;
        cluster.changed();
      }
    }
  }

  @Override
  public void leave() {
    synchronized (cluster) {
      Member left = self;
      self = null;
      if (left == null) {
        return;
      }
      if (!inTouch) {
        throw new CoordinationException("cannot remove " + left.getId());
      }
      cluster.unregister(session);
      cluster.changed();
    }
  }

  @Override
  public void campaign(String id, Consumer<Boolean> listener) {
    synchronized (cluster) {
      if (candidacy != null) {
        throw new IllegalStateException("campaign: " + id + " (expected: one for each connection)");
      }
      candidacy = new Candidacy(id, listener);
      cluster.changed();
    }
  }

  /** Does what the cluster's present state makes this process do. Needs the cluster's lock. */
  void settle() {
    boolean takesPart = inTouch && !over;
    if (takesPart && self != null) {
      lookAfterRegistration(self);
      takesPart = !over;
    }
    Candidacy mine = candidacy;
    if (mine != null) {
      if (takesPart) {
        cluster.standInLine(session, mine.id());
      }
      boolean leads = takesPart && cluster.leads(session);
      if (leads != elected) {
        elected = leads;
        tell(() -> Listeners.call(mine.listener(), leads));
      }
    }
    if (inTouch && viewDue.compareAndSet(false, true)) {
      tell(this::publish);
    }
  }

  private void lookAfterRegistration(Member mine) {
    Optional<InMemoryCluster.Registration> held = cluster.registration(mine.getId());
    if (held.isPresent() && held.get().session() == session && held.get().member().equals(mine)) {
      return;
    }
    if (held.isEmpty() || held.get().member().getIncarnation() == mine.getIncarnation()) {
      cluster.register(session, mine);
    } else {
      self = null;
      moveTo(SessionState.LOST);
      over = true;
      cluster.leaveLine(session);
    }
  }

  private void publish() {
    viewDue.set(false);
    ClusterView next;
    synchronized (cluster) {
      if (!inTouch || viewsHeld) {
        return;
      }
      next = cluster.view();
    }
    if (!next.equals(view)) {
      view = next;
      Listeners.call(viewListeners, next);
    }
  }

  @Override
  public ClusterView view() {
    return view;
  }

  @Override
  public void listen(Consumer<ClusterView> listener) {
    tell(
        () -> {
          viewListeners.add(listener);
          Listeners.call(listener, view);
        });
  }

  @Override
  public ClusterWatch watch() {
    return this;
  }

  @Override
  public Membership membership() {
    return this;
  }

  @Override
  public Election election() {
    return this;
  }

  @Override
  public AssignmentStore assignment() {
    return new AssignmentStore() {
      @Override
      public CompletableFuture<Versioned<AssignmentTarget>> read() {
        return ask(() -> cluster.assignments().read(InMemoryCluster.ASSIGNMENT));
      }

      @Override
      public CompletableFuture<Versioned<AssignmentTarget>> compareAndSet(
          int expectedVersion, AssignmentTarget target) {
        return ask(
            () ->
                cluster
                    .assignments()
                    .compareAndSet(InMemoryCluster.ASSIGNMENT, expectedVersion, target));
      }
    };
  }

  @Override
  public RangeStore ranges() {
    return new RangeStore() {
      @Override
      public CompletableFuture<Versioned<RangeRecord>> read(int rangeId) {
        return ask(() -> cluster.ranges().read(rangeId));
      }

      @Override
      public CompletableFuture<Versioned<RangeRecord>> compareAndSet(
          int rangeId, int expectedVersion, RangeRecord record) {
        return ask(() -> cluster.ranges().compareAndSet(rangeId, expectedVersion, record));
      }
    };
  }

  @Override
  public NamespaceStore namespaces() {
    return new NamespaceStore() {
      @Override
      public CompletableFuture<Versioned<NamespaceDefinition>> read(String name) {
        return ask(() -> cluster.namespaces().read(name));
      }

      @Override
      public CompletableFuture<Versioned<NamespaceDefinition>> compareAndSet(
          int expectedVersion, NamespaceDefinition definition) {
        return ask(
            () ->
                cluster
                    .namespaces()
                    .compareAndSet(definition.getName(), expectedVersion, definition));
      }

      @Override
      public CompletableFuture<Void> delete(String name, int expectedVersion) {
        return ask(() -> cluster.namespaces().delete(name, expectedVersion));
      }
    };
  }

  @Override
  public SnapshotStore snapshots() {
    return new SnapshotStore() {
      @Override
      public CompletableFuture<List<String>> names() {
        return ask(
            () ->
                CompletableFuture.completedFuture(
                    cluster.snapshots().all().keySet().stream().sorted().toList()));
      }

      @Override
      public CompletableFuture<Versioned<NamedSnapshot>> read(String name) {
        return ask(() -> cluster.snapshots().read(name));
      }

      @Override
      public CompletableFuture<Versioned<NamedSnapshot>> compareAndSet(
          int expectedVersion, NamedSnapshot snapshot) {
        return ask(
            () -> cluster.snapshots().compareAndSet(snapshot.getName(), expectedVersion, snapshot));
      }

      @Override
      public CompletableFuture<Void> delete(String name, int expectedVersion) {
        return ask(() -> cluster.snapshots().delete(name, expectedVersion));
      }
    };
  }

  @Override
  public SessionState provenState() {
    return lease.proven(state);
  }

  @Override
  public SessionState sessionState() {
    return state;
  }

  @Override
  public void listenToSession(Consumer<SessionState> listener) {
    sessionListeners.add(listener);
  }

  @Override
  public void close() {
    synchronized (cluster) {
      self = null;
      inTouch = false;
      cluster.endSession(session);
      cluster.changed();
      cluster.disconnect(this);
      state = SessionState.LOST;
      over = true;
    }
    whenClosed.run();
  }

  private void moveTo(SessionState next) {
    if (!over && state != next) {
      state = next;
      tell(() -> Listeners.call(sessionListeners, next));
    }
  }

  private <T> CompletableFuture<T> ask(Supplier<CompletableFuture<T>> call) {
    boolean reachable;
    synchronized (cluster) {
      reachable = inTouch;
    }
    CompletableFuture<T> outcome =
        reachable
            ? call.get()
            : CompletableFuture.failedFuture(new CoordinationException("out of touch"));
    CompletableFuture<T> answer = new CompletableFuture<>();
    outcome.whenComplete(
        (value, failure) -> {
          Runnable completion =
              () -> {
                if (failure == null) {
                  answer.complete(value);
                } else {
                  answer.completeExceptionally(failure);
                }
              };
          try {
            executor.execute(completion);
          } catch (RejectedExecutionException e) {
            completion.run();
          }
        });
    return answer;
  }

  private void tell(Runnable news) {
    try {
      executor.execute(news);
    } catch (RejectedExecutionException e) {
      // Closed: nobody is told anything any more.
    }
  }
}
