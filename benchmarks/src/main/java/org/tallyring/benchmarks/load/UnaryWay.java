package org.tallyring.benchmarks.load;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.tallyring.benchmarks.keys.ZipfKeys;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceStub;
import org.tallyring.proto.v1.GetTopologyRequest;
import org.tallyring.proto.v1.Increment;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.TopologyServiceGrpc;

/**
 * Through calls of {@code Record} with one increment each, as a client in another language does it:
 * without knowing which shard owns a key, without a request id. The channels take turns among the
 * shards.
 */
final class UnaryWay implements TallyringTarget.Way {

  private static final int DEADLINE_SECONDS = 30;

  private final Destination destination;
  private final Outcomes outcomes;
  private final List<ManagedChannel> channels;
  private final ByteString[] keys;
  private final LongAdder acknowledged = new LongAdder();

  private UnaryWay(
      Destination destination, List<ManagedChannel> channels, int keys, Outcomes outcomes) {
    this.destination = destination;
    this.channels = channels;
    this.outcomes = outcomes;
    this.keys = new ByteString[keys];
    for (int rank = 0; rank < keys; rank++) {
      this.keys[rank] = ByteString.copyFromUtf8(ZipfKeys.key(rank));
    }
  }

  /** Asks the server for the shards, and opens the channels to them. */
  static UnaryWay open(Destination destination, int keys, Outcomes outcomes) {
    List<String> shards = shards(destination.server());
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < destination.connections(); i++) {
      channels.add(channel(shards.get(i % shards.size())));
    }
    return new UnaryWay(destination, List.copyOf(channels), keys, outcomes);
  }

  private static List<String> shards(String server) {
    ManagedChannel channel = channel(server);
    try {
      List<String> shards =
          TopologyServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
              .getTopology(GetTopologyRequest.getDefaultInstance())
              .getTopology()
              .getShardsList()
              .stream()
              .map(ShardMember::getAddress)
              .toList();
      if (shards.isEmpty()) {
        throw new IllegalStateException("shards: none (expected: a cluster that serves)");
      }
      return shards;
    } finally {
      channel.shutdownNow();
    }
  }

  private static ManagedChannel channel(String address) {
    return Grpc.newChannelBuilder(address, InsecureChannelCredentials.create())
        .directExecutor()
        .disableRetry()
        .build();
  }

  @Override
  public Producer producer(int sender, int senders) {
    return new CallProducer(Shares.of(channels, sender, senders));
  }

  @Override
  public long acknowledged() {
    return acknowledged.sum();
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
  }

  /** One sender's channels; each stands in the queue once for each call that it may still make. */
  private final class CallProducer implements Producer {

    private final BlockingQueue<CounterServiceStub> free;
    private final int slots;

    CallProducer(List<ManagedChannel> mine) {
      slots = mine.size() * destination.depth();
      free = new ArrayBlockingQueue<>(slots);
      // By turns, so that all channels have a first call before one has a second.
      for (int i = 0; i < destination.depth(); i++) {
        mine.forEach(channel -> free.add(CounterServiceGrpc.newStub(channel)));
      }
    }

    @Override
    public boolean send(int metric, int rank, long dueNanos, boolean sampled) {
      CounterServiceStub stub;
      try {
        stub = free.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
      RecordRequest request =
          RecordRequest.newBuilder()
              .setNamespace(destination.namespace())
              .addIncrements(
                  Increment.newBuilder()
                      .setMetric(destination.metrics().get(metric))
                      .setKey(keys[rank]))
              .build();
      stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
          .record(request, new Answer(stub, metric, rank, dueNanos));
      return true;
    }

    @Override
    public int burst() {
      return 1;
    }

    @Override
    public void idle() {
      // Every call is on its way already.
    }

    @Override
    public void finish() {
      List<CounterServiceStub> all = new ArrayList<>();
      try {
        while (all.size() < slots) {
          all.add(free.take());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      free.addAll(all);
    }

    /** The answer to one call. All latencies are noted, since a call costs far more than that. */
    private final class Answer implements StreamObserver<RecordResponse> {

      private final CounterServiceStub stub;
      private final int metric;
      private final int rank;
      private final long dueNanos;

      Answer(CounterServiceStub stub, int metric, int rank, long dueNanos) {
        this.stub = stub;
        this.metric = metric;
        this.rank = rank;
        this.dueNanos = dueNanos;
      }

      @Override
      public void onNext(RecordResponse response) {
        outcomes.acknowledgements().record(dueNanos, System.nanoTime());
        acknowledged.increment();
      }

      @Override
      public void onError(Throwable failure) {
        outcomes.failed(Reasons.of(failure), metric, rank, mayCount(failure));
        free.add(stub);
      }

      @Override
      public void onCompleted() {
        free.add(stub);
      }
    }

    /** Only a refusal is definite, and that the shard did not get to write it down. */
    private static boolean mayCount(Throwable failure) {
      return switch (Status.fromThrowable(failure).getCode()) {
        case INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, OUT_OF_RANGE, FAILED_PRECONDITION ->
            false;
        default -> true;
      };
    }
  }
}
