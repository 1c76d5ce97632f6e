package org.tallyring.benchmarks.load;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.client.Increment;
import org.tallyring.client.RecordFailure;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TallyringException;

/**
 * Through the client library, as a service does it: with the key of each increment made just then.
 * Made beforehand, a million keys would be read from memory that no cache holds, and how long the
 * driver waits for that would be taken for the library's time. Only increments whose latency is
 * noted have a future.
 */
final class StreamWay implements TallyringTarget.Way {

  /** At some millions a second, less than 0.1 ms. */
  private static final int BURST = 256;

  private final Destination destination;
  private final Outcomes outcomes;
  private final List<TallyringClient> clients = new ArrayList<>();

  StreamWay(Destination destination, Outcomes outcomes) {
    this.destination = destination;
    this.outcomes = outcomes;
    for (int i = 0; i < destination.connections(); i++) {
      clients.add(
          TallyringClient.builder()
              .servers(destination.server())
              .namespace(destination.namespace())
              .onFailure(this::failed)
              .build());
    }
  }

  @Override
  public Producer producer(int sender, int senders) {
    return new ClientProducer(Shares.of(clients, sender, senders));
  }

  @Override
  public long acknowledged() {
    return clients.stream()
        .map(TallyringClient::totals)
        .mapToLong(totals -> totals.applied() + totals.duplicate())
        .sum();
  }

  private void failed(RecordFailure failure) {
    failed(
        failure.cause(),
        destination.metrics().indexOf(failure.increment().metric()),
        ZipfKeys.rankOf(failure.increment().key()));
  }

  private void failed(TallyringException cause, int metric, int rank) {
    outcomes.failed(Reasons.of(cause), metric, rank, cause.isInDoubt());
  }

  @Override
  public void close() {
    clients.forEach(TallyringClient::close);
  }

  /** One sender's clients, which take turns. */
  private final class ClientProducer implements Producer {

    private final List<TallyringClient> mine;
    private int next;

    ClientProducer(List<TallyringClient> mine) {
      this.mine = mine;
    }

    @Override
    public boolean send(int metric, int rank, long dueNanos, boolean sampled) {
      TallyringClient client = mine.get(next);
      next = next + 1 == mine.size() ? 0 : next + 1;
      String name = destination.metrics().get(metric);
      String key = ZipfKeys.key(rank);
      try {
        if (sampled) {
          var unused =
              client
                  .recordAsync(Increment.of(name, key))
                  .whenComplete((result, failure) -> ended(metric, rank, dueNanos, failure));
        } else {
          client.record(name, key);
        }
        return true;
      } catch (TallyringException refused) {
        outcomes.failed(Reasons.of(refused));
        return false;
      }
    }

    private void ended(int metric, int rank, long dueNanos, @Nullable Throwable failure) {
      if (failure == null) {
        outcomes.acknowledgements().record(dueNanos, System.nanoTime());
      } else if (failure instanceof TallyringException cause) {
        failed(cause, metric, rank);
      } else {
        outcomes.failed(failure.getClass().getSimpleName(), metric, rank, true);
      }
    }

    @Override
    public int burst() {
      return BURST;
    }

    @Override
    public void idle() {
      // The library has its own thread to send what waits.
    }

    @Override
    public void finish() {
      mine.forEach(TallyringClient::flush);
    }
  }
}
