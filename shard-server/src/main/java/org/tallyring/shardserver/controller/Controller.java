package org.tallyring.shardserver.controller;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.assignment.Assignment;
import org.tallyring.topology.assignment.Shard;
import org.tallyring.topology.planning.AssignmentPlan;
import org.tallyring.topology.planning.AssignmentPlanner;
import org.tallyring.topology.planning.Move;
import org.tallyring.topology.planning.Reason;

/**
 * Decides which shard should own which range. Every shard has one; the elected one acts.
 * Thread-safe.
 *
 * <p>It is a thin shell around {@link AssignmentPlanner}. On each change that it hears of it does
 * one round:
 *
 * <ol>
 *   <li>Take the newest view; stop unless this process leads and its session is connected.
 *   <li>Stop if someone must be waited for (see below).
 *   <li>Plan. Stop if nothing moves, which is what happens nearly always.
 *   <li>Compare-and-set the assignment. On success do another round, for what changed meanwhile.
 *   <li>On a conflict, or when the answer was lost, read the assignment past the cache and do
 *       another round.
 * </ol>
 *
 * <p>Two controllers that both believe to lead do no harm: only one compare-and-set of a version
 * succeeds, and the assignment is only a wish, which the ranges' records and journals guard.
 *
 * <p><b>Waiting.</b> Whoever is missing shortly after this process started may be starting too:
 * moving the ranges of a whole cluster to the shard that came up first, and back, would cost more
 * than the wait. So within the grace nothing is planned while an owner of the present assignment is
 * missing, or, in a new cluster, while fewer shards than expected are there. The grace begins again
 * after a lost session: whatever cut this process off may have cut off others, who are coming back
 * now. Outside the grace a shard that is gone is evicted at once and in one pass: its session has
 * timed out, which was its grace.
 */
public final class Controller implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Controller.class);

  private static final long RETRY_MILLIS = 500;

  private final String shardId;
  private final Coordination coordination;
  private final ControllerSettings settings;
  private final ScheduledExecutorService executor;

  private boolean closed;
  private boolean leading;
  private boolean graceOver;

  /** Tells the end of the present grace from the ends of earlier ones. */
  private int graceNumber;

  /** A compare-and-set or read is under way; its end begins another round. */
  private boolean busy;

  /** What the store itself said last: newer than the view for a moment after each write. */
  private @Nullable Versioned<AssignmentTarget> stored;

  /**
   * A controller that does nothing before {@link #start}.
   *
   * @param shardId the shard it runs in
   * @param executor where it works and sets its timers; it never blocks there
   */
  public Controller(
      String shardId,
      Coordination coordination,
      ControllerSettings settings,
      ScheduledExecutorService executor) {
    this.shardId = shardId;
    this.coordination = coordination;
    this.settings = settings;
    this.executor = executor;
  }

  /** Begins the grace and stands for election. To be called once. */
  public void start() {
    beginGrace();
    coordination.listenToSession(state -> run(() -> onSession(state), 0));
    coordination.watch().listen(view -> run(this::round, 0));
    coordination.election().campaign(shardId, elected -> run(() -> onElection(elected), 0));
  }

  /** Stops deciding. The candidacy ends with the coordination. */
  @Override
  public synchronized void close() {
    closed = true;
  }

  private synchronized void beginGrace() {
    graceOver = false;
    int number = ++graceNumber;
    run(() -> endGrace(number), settings.rejoinGrace().toMillis());
  }

  private synchronized void endGrace(int number) {
    if (number == graceNumber) {
      graceOver = true;
      round();
    }
  }

  private synchronized void onSession(SessionState state) {
    switch (state) {
      case CONNECTED -> {
        if (!graceOver) {
          beginGrace();
        }
        round();
      }
      case SUSPENDED -> log.debug("Out of touch: no plans until the session is back.");
      case LOST -> {
        // Not over before it begins anew: a view that is taken on reconnection must find it open.
        graceOver = false;
        graceNumber++;
      }
    }
  }

  private synchronized void onElection(boolean elected) {
    leading = elected;
    log.info(elected ? "{} is the controller now." : "{} is not the controller any more.", shardId);
    stored = null;
    round();
  }

  private synchronized void round() {
    if (closed || busy || !leading || coordination.sessionState() != SessionState.CONNECTED) {
      return;
    }
    ClusterView view = coordination.watch().view();
    Versioned<AssignmentTarget> present = newest(view);
    Assignment current = decode(present, view.config().getRangeCount());
    List<Shard> shards = shards(view);
    if (shards.isEmpty() || mustWait(shards, current)) {
      return;
    }
    AssignmentPlan plan = AssignmentPlanner.plan(shards, current);
    if (!plan.moves().isEmpty()) {
      write(present.version(), plan);
    }
  }

  private Versioned<AssignmentTarget> newest(ClusterView view) {
    Versioned<AssignmentTarget> known = stored;
    return known != null && known.version() > view.assignment().version()
        ? known
        : view.assignment();
  }

  private static Assignment decode(Versioned<AssignmentTarget> present, int rangeCount) {
    List<String> owners = present.value().getOwnersList();
    if (owners.size() == rangeCount) {
      return Assignment.of(owners);
    }
    if (present.version() != Versioned.ABSENT) {
      log.error(
          "The stored assignment has {} ranges and the cluster {}; it is made anew.",
          owners.size(),
          rangeCount);
    }
    return Assignment.empty(rangeCount);
  }

  private static List<Shard> shards(ClusterView view) {
    List<Shard> shards = new ArrayList<>();
    for (Member member : view.members().values()) {
      try {
        // A member registered without a weight has the same share as any other.
        shards.add(new Shard(member.getId(), Math.max(1, member.getWeight()), member.getZone()));
      } catch (IllegalArgumentException e) {
        log.error("Member {} gets no ranges: {}", member.getId(), e.getMessage());
      }
    }
    return shards;
  }

  private boolean mustWait(List<Shard> shards, Assignment current) {
    if (graceOver) {
      return false;
    }
    Set<String> owners = current.load().keySet();
    if (owners.isEmpty()) {
      return shards.size() < settings.expectedMembers();
    }
    return !shards.stream().map(Shard::id).collect(Collectors.toSet()).containsAll(owners);
  }

  private void write(int expectedVersion, AssignmentPlan plan) {
    String reason = reason(plan);
    AssignmentTarget target =
        AssignmentTarget.newBuilder()
            .addAllOwners(plan.target().toList())
            .setDecidedBy(shardId)
            .setReason(reason)
            .build();
    log.info("Plan on assignment version {}: {}.", expectedVersion, reason);
    for (Move move : plan.moves()) {
      log.debug("{}", move.sentence());
    }
    busy = true;
    coordination
        .assignment()
        .compareAndSet(expectedVersion, target)
        .whenComplete((written, failure) -> run(() -> written(written, failure), 0));
  }

  private synchronized void written(
      @Nullable Versioned<AssignmentTarget> written, @Nullable Throwable failure) {
    if (failure == null) {
      settle(written);
      return;
    }
    if (isConflict(failure)) {
      log.info("The assignment has changed meanwhile; planning again.");
    } else {
      log.warn("It is unknown whether the assignment was stored; reading it.", failure);
    }
    read();
  }

  private void read() {
    coordination
        .assignment()
        .read()
        .whenComplete((found, failure) -> run(() -> found(found, failure), 0));
  }

  private synchronized void found(
      @Nullable Versioned<AssignmentTarget> found, @Nullable Throwable failure) {
    if (failure == null) {
      settle(found);
    } else if (!closed) {
      log.warn("Cannot read the assignment; trying again in {} ms.", RETRY_MILLIS, failure);
      run(this::read, RETRY_MILLIS);
    }
  }

  private void settle(@Nullable Versioned<AssignmentTarget> known) {
    stored = known;
    busy = false;
    round();
  }

  private static boolean isConflict(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof ConflictException;
  }

  /** The plan in one sentence, for logs and for whoever asks why a range is where it is. */
  private static String reason(AssignmentPlan plan) {
    Map<Reason, Integer> counts = new TreeMap<>();
    for (Move move : plan.moves()) {
      counts.merge(move.reason(), 1, Integer::sum);
    }
    return counts.entrySet().stream()
        .map(count -> count.getValue() + " (" + count.getKey().because() + ")")
        .collect(
            Collectors.joining(
                ", ",
                plan.moves().size() + " of " + plan.target().rangeCount() + " ranges move: ",
                ""));
  }

  private void run(Runnable task, long delayMillis) {
    Runnable guarded =
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            log.error("The controller failed; it tries again at the next change.", e);
          }
        };
    try {
      if (delayMillis == 0) {
        executor.execute(guarded);
      } else {
        executor.schedule(guarded, delayMillis, TimeUnit.MILLISECONDS);
      }
    } catch (RejectedExecutionException e) {
      log.debug("The executor has ended; nothing more is decided here.");
    }
  }
}
