package org.tallyring.shardserver.controller;

import io.grpc.Status.Code;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.v1.Decision;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ConflictException;
import org.tallyring.shardserver.coordination.Coordination;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.topology.planning.AssignmentPlan;
import org.tallyring.topology.planning.AssignmentPlanner;
import org.tallyring.topology.planning.Move;
import org.tallyring.topology.planning.RangeLoads;

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
 *   <li>Plan, and take of the plan what may move now: everything that has no live owner, and so
 *       many ranges between live shards that not too many are on the move at once. Stop if that is
 *       nothing, which is what happens nearly always.
 *   <li>Compare-and-set the assignment. On success do another round, for what changed meanwhile.
 *   <li>On a conflict, or when the answer was lost, read the assignment past the cache and do
 *       another round.
 * </ol>
 *
 * <p>It keeps nothing in mind between rounds. What is on the move follows from the ranges' records,
 * what is to be drained is stored with the assignment, and the rest of a plan is what the next
 * round plans; so a controller that dies in the middle of something is replaced by one that goes
 * on.
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
public final class Controller implements Rebalancer, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Controller.class);

  private static final long RETRY_MILLIS = 500;

  /** How often loads are looked at. */
  private static final long MEASURE_MILLIS = 10_000;

  private final String shardId;
  private final Coordination coordination;
  private final ControllerSettings settings;
  private final LoadSource loads;
  private final InstantSource clock;
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
   * @param loads says how heavy ranges are
   * @param clock says when something was decided
   * @param executor where it works and sets its timers; it never blocks there
   */
  public Controller(
      String shardId,
      Coordination coordination,
      ControllerSettings settings,
      LoadSource loads,
      InstantSource clock,
      ScheduledExecutorService executor) {
    this.shardId = shardId;
    this.coordination = coordination;
    this.settings = settings;
    this.loads = loads;
    this.clock = clock;
    this.executor = executor;
  }

  /** Begins the grace and stands for election. To be called once. */
  public void start() {
    beginGrace();
    run(this::measure, MEASURE_MILLIS);
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

  /** Whether this is the one to decide, and it is not in the middle of a decision. */
  private boolean decides() {
    return !closed
        && !busy
        && leading
        && coordination.sessionState() == SessionState.CONNECTED
        && !mustWait(situation());
  }

  private synchronized void round() {
    if (!decides()) {
      return;
    }
    Situation now = situation();
    AssignmentPlan plan = now.plan();
    AssignmentPlan step = plan.step(now.moving(), settings.movesAtOnce());
    if (!step.moves().isEmpty()) {
      write(now, step, plan.moves().size() - step.moves().size());
    }
  }

  private Situation situation() {
    ClusterView view = coordination.watch().view();
    Versioned<AssignmentTarget> known = stored;
    return Situation.of(
        known != null && known.version() > view.assignment().version()
            ? view.withAssignment(known)
            : view);
  }

  private boolean mustWait(Situation now) {
    if (now.shards().isEmpty()) {
      return true;
    }
    if (graceOver) {
      return false;
    }
    return now.current().load().isEmpty()
        ? now.shards().size() < settings.expectedMembers()
        : now.lacksAnOwner();
  }

  /** Looks at the loads again and again; at rest, heavy ranges are moved apart. */
  private synchronized void measure() {
    if (closed) {
      return;
    }
    if (decides() && isAtRest(situation())) {
      loads
          .measure()
          .whenComplete((measured, failure) -> run(() -> measured(measured, failure), 0));
    }
    run(this::measure, MEASURE_MILLIS);
  }

  private synchronized void measured(
      @Nullable Optional<RangeLoads> measured, @Nullable Throwable failure) {
    if (measured == null) {
      log.info("The loads of the ranges are not known: {}", String.valueOf(failure));
    } else if (decides()) {
      Situation now = situation();
      AssignmentPlan plan = spread(now, measured, AssignmentPlanner.TOLERANCE_PERCENT);
      if (!plan.moves().isEmpty()) {
        write(now, plan, 0);
      }
    }
  }

  /** Loads are of use only where nothing else moves: what moves is not measured. */
  private static boolean isAtRest(Situation now) {
    return now.moving().isEmpty() && now.plan().moves().isEmpty();
  }

  private AssignmentPlan spread(
      Situation now, Optional<RangeLoads> measured, int tolerancePercent) {
    return measured.isEmpty() || !isAtRest(now)
        ? new AssignmentPlan(now.current(), List.of())
        : AssignmentPlanner.spread(
            now.shards(),
            now.draining(),
            now.current(),
            measured.get(),
            tolerancePercent,
            settings.movesAtOnce());
  }

  @Override
  public CompletableFuture<Rebalancing> rebalance(boolean dryRun) {
    CompletableFuture<Rebalancing> answer = new CompletableFuture<>();
    loads
        .measure()
        .exceptionally(failure -> Optional.empty())
        .thenAccept(measured -> run(() -> rebalance(measured, dryRun, answer), 0));
    return answer;
  }

  private synchronized void rebalance(
      Optional<RangeLoads> measured, boolean dryRun, CompletableFuture<Rebalancing> answer) {
    if (!decides()) {
      answer.completeExceptionally(notDeciding());
      return;
    }
    Situation now = situation();
    boolean byLoad = measured.isPresent() && isAtRest(now);
    AssignmentPlan plan =
        byLoad ? spread(now, measured, AssignmentPlanner.TOLERANCE_PERCENT_WHEN_ASKED) : now.plan();
    AssignmentPlan step = dryRun ? plan : plan.step(now.moving(), settings.movesAtOnce());
    CompletableFuture<?> stored =
        dryRun || step.moves().isEmpty()
            ? CompletableFuture.completedFuture(null)
            : write(now, step, plan.moves().size() - step.moves().size());
    stored.whenComplete(
        (done, failure) -> {
          if (failure == null) {
            List<Decision> decisions = now.view().assignment().value().getDecisionsList();
            answer.complete(new Rebalancing(step, now.moving().size(), byLoad, decisions));
          } else {
            answer.completeExceptionally(notDeciding());
          }
        });
  }

  private RuntimeException notDeciding() {
    return Errors.retryable(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NOT_READY,
        "controller: " + shardId + " cannot decide now (expected: the elected one, at rest)",
        Duration.ofMillis(RETRY_MILLIS));
  }

  /** Stores a step; what it completes with is stored, or unknown when it fails. */
  private CompletableFuture<Versioned<AssignmentTarget>> write(
      Situation now, AssignmentPlan step, int later) {
    int expectedVersion = now.view().assignment().version();
    String reason = step.sentence() + (later == 0 ? "" : "; " + later + " more will follow");
    log.info("Plan on assignment version {}: {}.", expectedVersion, reason);
    for (Move move : step.moves()) {
      log.debug("{}", move.sentence());
    }
    busy = true;
    return coordination
        .assignment()
        .compareAndSet(expectedVersion, now.decided(step, reason, shardId, clock.millis()))
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
