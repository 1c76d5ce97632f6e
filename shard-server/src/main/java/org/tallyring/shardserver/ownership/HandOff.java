package org.tallyring.shardserver.ownership;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of one range from the shard that serves it to this one.
 *
 * <p>The range's journal is followed until it is nearly caught up with. Then the owner is asked for
 * the range: it takes nothing new, finishes what is in flight and closes the journal. What is left
 * to replay is what the owner appended since the last look, so producers wait for a moment only.
 *
 * <p><b>Nothing depends on the owner's answer.</b> However the range is taken, it is by the next
 * epoch and by fencing, which find everything that was ever acknowledged. So when the owner dies,
 * or does not answer, the range is taken all the same, with what was replayed so far as a head
 * start. And while it has not been asked, this shard may stop or die without anybody noticing.
 *
 * <p>Confined to the range's loop, but for what may be called from anywhere.
 */
final class HandOff {

  private static final Logger log = LoggerFactory.getLogger(HandOff.class);

  /** So few entries are replayed in the time that one append takes. */
  private static final long NEARLY_CAUGHT_UP_ENTRIES = 32;

  private static final long RETRY_MILLIS = 100;

  /** A shard that answers so often nothing at all does not hold up the range any more. */
  private static final int MOST_UNANSWERED = 3;

  private final OwnedRange range;
  private final HandOffRequests requests;
  private final Executor loop;
  private final ScheduledExecutorService scheduler;
  private final ShardMeters meters;
  private final BiFunction<HandOff, Optional<HandedOff>, CompletableFuture<Void>> taking;

  private String owner;
  private long epoch;
  private CompletableFuture<Void> prepared = CompletableFuture.completedFuture(null);
  private boolean replaying;
  private boolean ownerGone;
  private int unanswered;

  /**
   * A hand-off that does nothing before {@link #begin}.
   *
   * @param range follows the journal
   * @param owner the shard that serves the range
   * @param epoch the owner's
   * @param taking takes the range, called on the loop; completes when it is served, or not wanted
   *     any more
   */
  HandOff(
      OwnedRange range,
      String owner,
      long epoch,
      HandOffRequests requests,
      Executor loop,
      ScheduledExecutorService scheduler,
      ShardMeters meters,
      BiFunction<HandOff, Optional<HandedOff>, CompletableFuture<Void>> taking) {
    this.range = range;
    this.owner = owner;
    this.epoch = epoch;
    this.requests = requests;
    this.loop = loop;
    this.scheduler = scheduler;
    this.meters = meters;
    this.taking = taking;
  }

  /** What is to be taken. */
  OwnedRange range() {
    return range;
  }

  /** Begins; from any thread, once. */
  void begin() {
    loop.execute(
        () -> {
          requests.expect(owner);
          prepared = range.prepare();
          advance();
        });
  }

  /** The range is served by this shard now; from any thread. */
  void ownerIs(String present, long presentEpoch) {
    loop.execute(
        () -> {
          owner = present;
          epoch = presentEpoch;
        });
  }

  /** Nobody serves the range any more: it is taken without asking. From any thread. */
  void ownerIsGone() {
    loop.execute(
        () -> {
          ownerGone = true;
          if (!isOver() && !replaying) {
            log.info("range {}: {} is gone before it handed off", range.rangeId(), owner);
            take(Optional.empty());
          }
        });
  }

  private boolean isOver() {
    return range.state() != RangeState.FOLLOWING;
  }

  private void advance() {
    if (isOver() || replaying) {
      return;
    }
    replaying = true;
    range
        .advance()
        .whenCompleteAsync(
            (entries, failure) -> {
              replaying = false;
              if (isOver()) {
                return;
              }
              if (failure != null) {
                range.lost(failure);
              } else if (ownerGone) {
                take(Optional.empty());
              } else if (entries > NEARLY_CAUGHT_UP_ENTRIES) {
                advance();
              } else {
                whenPrepared(this::ask);
              }
            },
            loop);
  }

  private void whenPrepared(Runnable next) {
    prepared.whenCompleteAsync(
        (done, failure) -> {
          if (isOver()) {
            return;
          }
          if (failure != null) {
            range.lost(failure);
          } else {
            next.run();
          }
        },
        loop);
  }

  private void ask() {
    long asked = epoch;
    requests
        .handOff(owner, range.rangeId(), asked)
        .whenCompleteAsync(
            (handedOff, failure) -> {
              if (isOver()) {
                return;
              }
              if (failure == null) {
                take(handedOff);
              } else if (ownerGone) {
                take(Optional.empty());
              } else if (unwrap(failure) instanceof HandOffRefusedException refused) {
                log.debug("range {}: {}", range.rangeId(), refused.getMessage());
                again();
              } else if (++unanswered < MOST_UNANSWERED) {
                again();
              } else {
                log.warn(
                    "range {}: {} does not answer, the range is taken from it: {}",
                    range.rangeId(),
                    owner,
                    unwrap(failure).toString());
                take(Optional.empty());
              }
            },
            loop);
  }

  private void again() {
    scheduler.schedule(() -> loop.execute(this::advance), RETRY_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void take(Optional<HandedOff> handedOff) {
    String from = owner;
    long answeredNanos = meters.nanos();
    taking
        .apply(this, handedOff)
        .thenRun(
            () -> {
              if (range.state() == RangeState.SERVING && handedOff.isPresent()) {
                log.info(
                    "range {}: handed off by {}, nobody served it for {} ms",
                    range.rangeId(),
                    from,
                    meters.handedOff(handedOff.get().stoppedMillis(), answeredNanos));
              }
            });
  }

  private static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
