package org.tallyring.shardserver.journal;

import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.apache.bookkeeper.replication.AutoRecoveryMain;
import org.apache.bookkeeper.stats.NullStatsLogger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes copies of what lost bookies had: BookKeeper's auto-recovery, begun anew whenever it ends.
 *
 * <p>It ends for good with its session with ZooKeeper, as after a pause of the process that was
 * longer than the session's time-out, and where BookKeeper runs it beside a bookie it takes the
 * bookie along, which has registered again and could serve.
 */
final class CopyRecovery implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CopyRecovery.class);

  private static final long RETRY_SECONDS = 2;
  private static final long END_SECONDS = 10;

  private final ServerConfiguration keys;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread named = new Thread(task, "copy-recovery");
            named.setDaemon(true);
            return named;
          });

  /** Belongs to the thread. */
  private @Nullable AutoRecoveryMain running;

  private CopyRecovery(ServerConfiguration keys) {
    this.keys = keys;
  }

  /** Begins, and goes on beginning until it is closed. */
  static CopyRecovery start(ServerConfiguration keys) {
    // It is a client of bookies, too.
    SteadyMetadataDriver.install();
    CopyRecovery recovery = new CopyRecovery(keys);
    recovery.thread.execute(recovery::begin);
    return recovery;
  }

  private void begin() {
    try {
      AutoRecoveryMain next = new AutoRecoveryMain(keys, NullStatsLogger.INSTANCE);
      running = next;
      next.setExceptionHandler((where, why) -> beginAnew(next, why));
      next.start();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      beginAnew(running, e);
    }
  }

  /** Begins anew, unless what has ended was followed by another already. */
  private void beginAnew(@Nullable AutoRecoveryMain ended, Throwable why) {
    try {
      thread.schedule(
          () -> {
            if (running != ended) {
              return;
            }
            log.info("The recovery of copies has ended and begins anew: {}", why.toString());
            end();
            begin();
          },
          RETRY_SECONDS,
          TimeUnit.SECONDS);
    } catch (RejectedExecutionException closed) {
      log.debug("Closed", closed);
    }
  }

  private void end() {
    AutoRecoveryMain last = running;
    running = null;
    if (last != null) {
      last.shutdown();
    }
  }

  @Override
  public void close() throws Exception {
    try {
      thread.submit(this::end).get(END_SECONDS, TimeUnit.SECONDS);
    } finally {
      thread.shutdownNow();
    }
  }
}
