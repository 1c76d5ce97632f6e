package org.tallyring.benchmarks.load;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import org.tallyring.client.WindowSelection;
import org.tallyring.proto.v1.GetTopKRequest;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TopKServiceGrpc.TopKServiceBlockingStub;
import org.tallyring.topology.window.WindowLevel;

/** Reads the ranking of the current hour, each time when it is due, on a connection of its own. */
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
  public void work(Window window, Clock clock) {
    GetTopKRequest request =
        GetTopKRequest.newBuilder()
            .setNamespace(destination.namespace())
            .setMetric(destination.metrics().get(0))
            .setWindow(WindowSelection.current(WindowLevel.HOUR).toSelector())
            .setK(plan.k())
            .build();
    ManagedChannel channel =
        Grpc.newChannelBuilder(destination.server(), InsecureChannelCredentials.create()).build();
    try {
      TopKServiceBlockingStub stub = TopKServiceGrpc.newBlockingStub(channel);
      Schedule schedule = Schedule.part(plan.rate(), window.startNanos(), number, plan.readers());
      long now = clock.nanoTime();
      for (long read = 0; !window.isOver(now) && !Thread.currentThread().isInterrupted(); ) {
        if (schedule.dueBy(now) <= read) {
          clock.parkUntil(schedule.dueAt(read));
        } else {
          read(stub, request, schedule.isPaced() ? schedule.dueAt(read) : now, clock);
          read++;
        }
        now = clock.nanoTime();
      }
    } finally {
      channel.shutdownNow();
    }
  }

  private void read(
      TopKServiceBlockingStub stub, GetTopKRequest request, long dueNanos, Clock clock) {
    try {
      var unused = stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).getTopK(request);
      outcomes.reads().record(dueNanos, clock.nanoTime());
    } catch (StatusRuntimeException failure) {
      outcomes.failed("GetTopK: " + Reasons.of(failure));
    }
  }
}
