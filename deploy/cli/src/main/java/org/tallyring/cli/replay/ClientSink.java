package org.tallyring.cli.replay;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.HostPort;
import org.tallyring.client.Increment;
import org.tallyring.client.RecordFailure;
import org.tallyring.client.RecordTotals;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TallyringException;

/**
 * Records rows through the client library, without waiting for each. The library repeats what is
 * not answered; what it gives up ends the replay, because whatever follows would have no better
 * luck.
 */
final class ClientSink implements IncrementSink {

  /**
   * The library does not carry a line number around, and a map of all rows under way would cost
   * more than the rest. But {@link RowParser} has checked everything that can be checked here, so
   * what a shard may still refuse can be told beforehand: a time that is ahead of its clock, and a
   * total that no longer fits. Such rows are few, and kept. A row that contradicts an event id
   * cannot be told beforehand, but names its event id itself.
   */
  private static final int MAX_SUSPECTS = 100_000;

  private static final long SUSPICIOUS_DELTA = 1L << 40;

  private final TallyringClient client;
  private final InstantSource clock;
  private final RefusalListener refusals;
  private final Map<Increment, Row> suspects = new ConcurrentHashMap<>();
  private final AtomicLong unfinished = new AtomicLong();
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

  ClientSink(
      HostPort server,
      String namespace,
      Duration deadline,
      InstantSource clock,
      RefusalListener refusals) {
    this.clock = clock;
    this.refusals = refusals;
    client =
        TallyringClient.builder()
            .servers(server.toString())
            .namespace(namespace)
            .deadline(deadline)
            .onFailure(this::failed)
            .build();
  }

  @Override
  public boolean record(Row row) {
    if (failure.get() != null) {
      return false;
    }
    Increment.Builder builder =
        Increment.builder(row.metric(), row.key()).user(row.user()).delta(row.delta());
    Long time = row.timeMillis();
    if (time != null) {
      builder.eventTimeMillis(time);
    }
    byte[] eventId = row.eventId();
    if (eventId != null) {
      builder.eventId(eventId);
    }
    Increment increment = builder.build();
    boolean suspicious =
        (time != null && time > clock.millis()) || Math.abs(row.delta()) > SUSPICIOUS_DELTA;
    if (suspicious && suspects.size() < MAX_SUSPECTS) {
      suspects.put(increment, row);
    }
    try {
      client.record(increment);
    } catch (TallyringException e) {
      if (e.isRetryable() || e.isInDoubt()) {
        giveUp(e);
      } else {
        refusals.refused(row.where(), String.valueOf(e.getMessage()));
      }
    }
    return failure.get() == null;
  }

  private void failed(RecordFailure failed) {
    TallyringException cause = failed.cause();
    if (cause.isRetryable() || cause.isInDoubt()) {
      giveUp(cause);
      return;
    }
    Increment increment = failed.increment();
    Row row = suspects.remove(increment);
    String where = row == null ? increment.toString() : row.where();
    refusals.refused(where, String.valueOf(cause.getMessage()));
  }

  private void giveUp(TallyringException cause) {
    unfinished.incrementAndGet();
    failure.compareAndSet(null, String.valueOf(cause.getMessage()));
  }

  @Override
  public Outcome finish() {
    client.flush();
    RecordTotals totals = client.totals();
    return new Outcome(totals.applied(), totals.duplicate(), unfinished.get(), failure.get());
  }

  @Override
  public void close() {
    client.close();
  }
}
