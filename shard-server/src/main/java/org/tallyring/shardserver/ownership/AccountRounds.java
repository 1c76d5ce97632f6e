package org.tallyring.shardserver.ownership;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tallyring.shardserver.ownership.RangeAccounts.Balance;

/**
 * Looks at the accounts of all ranges held here, again and again, each on its range's loop like any
 * other question. Meters show what the last round found, so that reading them costs a range
 * nothing, however often it is done.
 */
public final class AccountRounds {

  /** How long after a round the next one begins. */
  private static final long PAUSE_SECONDS = 10;

  private final ShardRanges ranges;
  private final ShardMeters meters;
  private final ScheduledExecutorService scheduler;

  /** Rounds that have not begun. */
  public AccountRounds(ShardRanges ranges, ShardMeters meters, ScheduledExecutorService scheduler) {
    this.ranges = ranges;
    this.meters = meters;
    this.scheduler = scheduler;
  }

  /** Begins the first round after a pause. They end with the scheduler. */
  public void start() {
    scheduler.schedule(this::round, PAUSE_SECONDS, TimeUnit.SECONDS);
  }

  private void round() {
    List<CompletableFuture<@Nullable Balance>> looks = new ArrayList<>();
    ranges.all().forEach(range -> looks.add(range.account()));
    CompletableFuture.allOf(looks.toArray(CompletableFuture[]::new))
        .whenCompleteAsync(
            (all, failure) -> {
              List<Balance> balances = new ArrayList<>();
              for (CompletableFuture<@Nullable Balance> look : looks) {
                Balance balance = look.isCompletedExceptionally() ? null : look.join();
                if (balance != null) {
                  balances.add(balance);
                }
              }
              meters.hold(balances, ranges.namespaces());
              start();
            },
            scheduler);
  }
}
