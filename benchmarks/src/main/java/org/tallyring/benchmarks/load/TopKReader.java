package org.tallyring.benchmarks.load;

import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.tallyring.client.WindowSelection;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.NetworkLoop;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.GetTopKResponse;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TopKServiceGrpc.TopKServiceStub;
import org.tallyring.topology.window.WindowLevel;

/**
 * Reads the ranking of the current hour, each time when it is due, on a connection of its own.
 *
 * <p>The thread of that connection also waits for the time, asks and notes the answer. Where reader
 * and network are two threads, each reading has two more of the driver's wake-ups in it, which on
 * busy cores take some tenths of a millisecond and are not the cluster's.
 */
final class TopKReader implements Worker {

  private static final int DEADLINE_SECONDS = 30;

  private final Destination destination;
  private final ReadPlan plan;
  private final int number;
  private final Outcomes outcomes;

  /** The {@code number}-th of the plan's readers. */
  TopKReader(Destination destination, ReadPlan plan, int number, Outcomes outcomes) {
    this.destination = destination;
    this.plan = plan;
    this.number = number;
    this.outcomes = outcomes;
  }

  @Override
  public void work(Window window, Clock clock) throws InterruptedException {
    try (NetworkLoop loop = NetworkLoop.start("reader-" + number);
        ShardChannels channels = ShardChannels.on(loop)) {
      Readings readings =
          new Readings(
              TopKServiceGrpc.newStub(channels.channel(destination.server())), window, clock, loop);
      loop.execute(readings::next);
      try {
        readings.over.await();
      } finally {
        // Whoever is interrupted closes the channel, and each call on that would end at once.
        readings.over.countDown();
      }
    }
  }

  /** One after the other, on the loop. */
  private final class Readings {

    private final CountDownLatch over = new CountDownLatch(1);
    private final TopKServiceStub stub;
    private final Window window;
    private final Clock clock;
    private final NetworkLoop loop;
    private final Schedule schedule;
    private final GetTopKRequest request =
        GetTopKRequest.newBuilder()
            .setNamespace(destination.namespace())
            .setMetric(destination.metrics().get(0))
            .setWindow(WindowSelection.current(WindowLevel.HOUR).toSelector())
            .setK(plan.k())
            .build();
    private long read;

    Readings(TopKServiceStub stub, Window window, Clock clock, NetworkLoop loop) {
      this.stub = stub;
      this.window = window;
      this.clock = clock;
      this.loop = loop;
      schedule = Schedule.part(plan.rate(), window.startNanos(), number, plan.readers());
    }

    void next() {
      long now = clock.nanoTime();
      long due = schedule.isPaced() ? schedule.dueAt(read) : now;
      if (over.getCount() == 0) {
        return;
      }
      if (window.isOver(now)) {
        over.countDown();
      } else if (due - now > 0) {
        loop.schedule(this::next, Duration.ofNanos(due - now));
      } else {
        read++;
        stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
            .getTopK(request, new Answer(due));
      }
    }

    private final class Answer implements StreamObserver<GetTopKResponse> {

      private final long dueNanos;

      Answer(long dueNanos) {
        this.dueNanos = dueNanos;
      }

      @Override
      public void onNext(GetTopKResponse response) {
        outcomes.reads().record(dueNanos, clock.nanoTime());
      }

      @Override
      public void onError(Throwable failure) {
        outcomes.failed("GetTopK: " + Reasons.of(failure));
        // A call may fail before it is begun, and the next one, too: not one inside the other.
        loop.execute(Readings.this::next);
      }

      @Override
      public void onCompleted() {
        loop.execute(Readings.this::next);
      }
    }
  }
}
