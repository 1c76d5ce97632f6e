package org.tallyring.client.topology;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.client.channel.ShardChannels;
import org.tallyring.client.loop.Backoff;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.v1.ShardMember;
import org.tallyring.proto.v1.TopologyServiceGrpc;
import org.tallyring.proto.v1.WatchTopologyRequest;
import org.tallyring.proto.v1.WatchTopologyResponse;

/**
 * Follows the topology of a cluster, from whichever server will tell.
 *
 * <p>Each message of the stream is a complete picture, so there is nothing to merge: the picture
 * received last is the present one, and a subscription that breaks is replaced by one to another
 * server. The candidates are the seeds and then the shards of the last picture, in turn: seeds,
 * because after a restart of the whole cluster nothing else may be true any more; shards, because
 * the seeds may be long gone from a cluster that has grown away from them.
 *
 * <p>A server that was cut off keeps its subscribers without telling them anything new. Nothing in
 * the stream gives that away, so those who find that the picture does not hold call {@link
 * #resubscribe()}.
 *
 * <p>Thread-safe. All events are handled on the loop; listeners are called there and must not
 * block.
 */
public final class TopologyFeed implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(TopologyFeed.class);

  private static final Duration FIRST_DELAY = Duration.ofMillis(50);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);

  /** How long a server may take to its first picture. */
  private static final Duration FIRST_PICTURE_LIMIT = Duration.ofSeconds(5);

  /** How long the silence of all servers is nobody's concern: they may be starting, too. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Subscriptions younger than this are not replaced on suspicion. */
  private static final Duration SHORTEST_SUBSCRIPTION = Duration.ofSeconds(3);

  private final List<String> seeds;
  private final ShardChannels channels;
  private final EventLoop loop;
  private final Backoff backoff;
  private final CompletableFuture<ClusterTopology> first = new CompletableFuture<>();
  private final List<Consumer<ClusterTopology>> listeners = new CopyOnWriteArrayList<>();

  private volatile @Nullable ClusterTopology current;

  // The rest is confined to the loop.
  private int nextCandidate;
  private @Nullable Subscription subscription;
  private boolean reachable = true;

  /** When the last stream with a picture in it ended, or the feed was made. */
  private long silentSince;

  private boolean closed;

  /**
   * A feed that is silent until {@link #start()}.
   *
   * @param seeds addresses of shards or aggregators, {@code host:port}; at least one
   * @param random spreads subscribers over the seeds and their retries over time
   */
  public TopologyFeed(
      List<String> seeds, ShardChannels channels, EventLoop loop, RandomGenerator random) {
    if (seeds.isEmpty()) {
      throw new IllegalArgumentException("seeds: none (expected: at least one host:port)");
    }
    this.seeds = List.copyOf(seeds);
    this.channels = channels;
    this.loop = loop;
    backoff = new Backoff(FIRST_DELAY, LONGEST_DELAY, random);
    nextCandidate = random.nextInt(seeds.size());
    silentSince = loop.nanoTime();
  }

  /** Begins to follow; once. */
  public void start() {
    loop.execute(this::subscribe);
  }

  /** The picture received last; null before the first. */
  public @Nullable ClusterTopology current() {
    return current;
  }

  /** Completes with the first picture. Completing it from outside has no effect on the feed. */
  public CompletableFuture<ClusterTopology> first() {
    return first.copy();
  }

  /** Calls back with each picture from now on, and with the present one if there is one. */
  public void addListener(Consumer<ClusterTopology> listener) {
    loop.execute(
        () -> {
          listeners.add(listener);
          ClusterTopology known = current;
          if (known != null) {
            listener.accept(known);
          }
        });
  }

  /** Subscribes to another server, because the present picture seems to be out of date. */
  public void resubscribe() {
    loop.execute(
        () -> {
          Subscription present = subscription;
          if (present != null
              && loop.nanoTime() - present.begunAt >= SHORTEST_SUBSCRIPTION.toNanos()) {
            present.abandon("the picture seems to be out of date");
          }
        });
  }

  /** Ends the subscription. The channels and the loop stay open. */
  @Override
  public void close() {
    loop.execute(
        () -> {
          closed = true;
          Subscription present = subscription;
          if (present != null) {
            present.abandon("the client is closing");
          }
        });
  }

  private void subscribe() {
    if (closed) {
      return;
    }
    List<String> candidates = candidates();
    String address = candidates.get(Math.floorMod(nextCandidate++, candidates.size()));
    Subscription next = new Subscription(address, loop.nanoTime());
    subscription = next;
    try {
      TopologyServiceGrpc.newStub(channels.channel(address))
          .watchTopology(WatchTopologyRequest.getDefaultInstance(), next);
    } catch (IllegalArgumentException | IllegalStateException failure) {
      next.end(failure);
      return;
    }
    loop.schedule(next::abandonIfSilent, FIRST_PICTURE_LIMIT);
  }

  private List<String> candidates() {
    Set<String> addresses = new LinkedHashSet<>(seeds);
    ClusterTopology known = current;
    if (known != null) {
      known.shards().stream().map(ShardMember::getAddress).forEach(addresses::add);
    }
    return new ArrayList<>(addresses);
  }

  private void accept(ClusterTopology picture) {
    ClusterTopology known = current;
    if (known != null && !known.isSameRing(picture)) {
      throw new IllegalArgumentException(
          "cluster: "
              + picture.cluster()
              + " of "
              + picture.rangeTable().rangeCount()
              + " ranges (expected: "
              + known.cluster()
              + " of "
              + known.rangeTable().rangeCount()
              + ")");
    }
    current = picture;
    Set<String> addresses = new LinkedHashSet<>(seeds);
    picture.shards().stream().map(ShardMember::getAddress).forEach(addresses::add);
    channels.retainOnly(addresses);
    first.complete(picture);
    listeners.forEach(listener -> listener.accept(picture));
  }

  /** One stream from one server. Its callbacks may come from any thread and go to the loop. */
  private final class Subscription
      implements ClientResponseObserver<WatchTopologyRequest, WatchTopologyResponse> {

    private final String address;
    private final long begunAt;
    private volatile @Nullable ClientCallStreamObserver<WatchTopologyRequest> call;
    private boolean heard;
    private boolean ended;

    Subscription(String address, long begunAt) {
      this.address = address;
      this.begunAt = begunAt;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchTopologyRequest> call) {
      this.call = call;
    }

    @Override
    public void onNext(WatchTopologyResponse message) {
      loop.execute(() -> take(message));
    }

    @Override
    public void onError(Throwable failure) {
      loop.execute(() -> end(failure));
    }

    @Override
    public void onCompleted() {
      loop.execute(() -> end(null));
    }

    private void take(WatchTopologyResponse message) {
      if (ended) {
        return;
      }
      try {
        accept(ClusterTopology.of(message.getTopology()));
      } catch (IllegalArgumentException unusable) {
        logger.error(
            "The topology from {} is of no use: {}. If the servers are right, upgrade this client"
                + " or correct its list of servers.",
            address,
            unusable.getMessage());
        abandon("the topology is of no use");
        return;
      }
      if (!reachable) {
        logger.info("Following the topology again, from {}.", address);
      }
      heard = true;
      reachable = true;
      backoff.reset();
    }

    private void abandonIfSilent() {
      if (!ended && !heard) {
        abandon("no picture within " + FIRST_PICTURE_LIMIT.toSeconds() + " s");
      }
    }

    private void abandon(String why) {
      ClientCallStreamObserver<WatchTopologyRequest> open = call;
      if (open != null) {
        open.cancel(why, null);
      }
      end(null);
    }

    private void end(@Nullable Throwable failure) {
      if (ended) {
        return;
      }
      ended = true;
      if (closed) {
        return;
      }
      if (heard) {
        silentSince = loop.nanoTime();
      } else if (reachable
          && failure != null
          && loop.nanoTime() - silentSince >= PATIENCE.toNanos()) {
        reachable = false;
        logger.warn(
            "No topology from {}: {}. Trying other servers until one answers; check that the"
                + " cluster is up and that the list of servers is right.",
            address,
            failure.getMessage());
      }
      loop.schedule(TopologyFeed.this::subscribe, backoff.next());
    }
  }
}
