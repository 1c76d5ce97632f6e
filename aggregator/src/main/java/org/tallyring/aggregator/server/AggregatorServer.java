package org.tallyring.aggregator.server;

import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckService;
import com.linecorp.armeria.server.grpc.GrpcHealthCheckServiceBuilder;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.healthcheck.SettableHealthChecker;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.aggregator.answer.AnswerMetrics;
import org.tallyring.aggregator.answer.KeptChoices;
import org.tallyring.aggregator.answer.RankAnswers;
import org.tallyring.aggregator.answer.RankingPages;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.answer.TrendingAnswers;
import org.tallyring.aggregator.cache.AnswerCache;
import org.tallyring.aggregator.collect.Collector;
import org.tallyring.aggregator.collect.CollectorMetrics;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.OpenRankings;
import org.tallyring.aggregator.collect.RankQueries;
import org.tallyring.aggregator.collect.SeededCluster;
import org.tallyring.aggregator.collect.ShardCalls;
import org.tallyring.aggregator.collect.WindowQueries;
import org.tallyring.aggregator.grpc.ForwardedAdminService;
import org.tallyring.aggregator.grpc.ForwardedCounterService;
import org.tallyring.aggregator.grpc.GrpcErrors;
import org.tallyring.aggregator.grpc.TopKService;
import org.tallyring.aggregator.grpc.TopologyService;
import org.tallyring.aggregator.web.RestServices;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.loop.NetworkLoop;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.TopKServiceGrpc;
import org.tallyring.proto.v1.TopologyServiceGrpc;

/*
 * Start: looking for the cluster begins first and goes on by itself while the HTTP server is put
 * together, which takes longer. The server listens before anything is known and says so (UNAVAILABLE,
 * 503 from /healthz) until it is.
 *
 * Threads: nothing here waits, so that everything runs on the event loops of Armeria and gRPC and on
 * one loop of our own for timers. Armeria's executor for blocking work would make up to 200 threads;
 * it gets four, for what Armeria itself runs there.
 *
 * Stop: Armeria ends by letting the one event loop that accepts connections rest for Netty's two
 * seconds of quiet, after the ports and all connections are closed. Nobody needs that loop any more,
 * so close() returns when the ports are closed.
 */

/**
 * An aggregator: a cache in front of the shards that answers over gRPC and HTTP on one port. It
 * holds nothing that the shards do not, so it can be stopped at any time.
 *
 * <p>Thread-safe.
 */
public final class AggregatorServer implements AutoCloseable {

  /** The largest message taken over gRPC. */
  static final int MAX_MESSAGE_BYTES = 4 << 20;

  private static final Duration STOP_LIMIT = Duration.ofSeconds(1);
  private static final Duration STOP_POLL = Duration.ofMillis(10);

  private static final Logger logger = LoggerFactory.getLogger(AggregatorServer.class);

  private final EventLoop loop;
  private final SeededCluster cluster;
  private final NamespaceDirectory namespaces;
  private final Collector collector;
  private final SettableHealthChecker health;
  private final Server server;

  private AggregatorServer(AggregatorConfig config) {
    loop = NetworkLoop.start("tallyring-aggregator");
    cluster = new SeededCluster(config.seeds(), loop);
    ShardCalls calls = new ShardCalls(cluster);
    Holdings holdings = new Holdings(System::nanoTime);
    OpenRankings rankings = new OpenRankings(holdings);
    namespaces = new NamespaceDirectory(cluster, calls, loop);
    collector =
        new Collector(
            cluster,
            calls,
            holdings,
            rankings,
            new CollectorMetrics(config.metrics(), holdings, config.clock()),
            loop);
    namespaces.start();
    collector.start();
    WindowQueries windowQueries = new WindowQueries(cluster, calls, loop);
    RankQueries rankQueries = new RankQueries(cluster, calls, loop);
    KeptChoices choices = new KeptChoices(System::nanoTime);
    AnswerCache cache = new AnswerCache(System::nanoTime, config.metrics());
    TopKAnswers answers =
        new TopKAnswers(
            config.clock(),
            namespaces,
            holdings,
            rankings,
            windowQueries,
            cache,
            choices,
            new AnswerMetrics(config.metrics()));
    RankAnswers ranks = new RankAnswers(config.clock(), namespaces, holdings, rankQueries, choices);
    RankingPages pages =
        new RankingPages(config.clock(), namespaces, holdings, rankQueries, choices);
    TrendingAnswers trending =
        new TrendingAnswers(config.clock(), namespaces, holdings, windowQueries, cache, choices);
    health = new SettableHealthChecker(false);
    collector.complete().thenRun(() -> health.setHealthy(true));

    ServerBuilder builder =
        Server.builder()
            .http(new InetSocketAddress(config.host(), config.port()))
            .blockingTaskExecutor(4)
            .disableServerHeader()
            // Its own meters would go to the registry of the whole process.
            .meterRegistry(NoopMeterRegistry.get())
            .gracefulShutdownTimeoutMillis(0, 0)
            // Streams have no length; unary calls are bounded by the size of their message.
            .maxRequestLength(0)
            .service(
                GrpcService.builder()
                    .addService(new TopKService(answers, ranks, pages, trending))
                    .addService(new ForwardedCounterService(cluster, calls))
                    .addService(new ForwardedAdminService(cluster, calls, namespaces))
                    .addService(new TopologyService(cluster))
                    .addService(healthService())
                    .addService(ProtoReflectionServiceV1.newInstance())
                    .maxRequestMessageLength(MAX_MESSAGE_BYTES)
                    .exceptionHandler(new GrpcErrors())
                    .build());
    RestServices.addTo(
        builder,
        config.clock(),
        answers,
        ranks,
        pages,
        trending,
        namespaces,
        calls,
        cluster,
        holdings,
        config.metrics());
    server = builder.build();
  }

  /**
   * Starts an aggregator. It listens when this returns; when it can answer is told by {@link
   * #complete()}.
   *
   * @throws IllegalStateException if the port cannot be listened on
   */
  public static AggregatorServer start(AggregatorConfig config) {
    AggregatorServer aggregator = new AggregatorServer(config);
    try {
      aggregator.server.start().join();
    } catch (RuntimeException failure) {
      aggregator.leave();
      throw new IllegalStateException(
          "The aggregator cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + "; is another process using the port?",
          failure);
    }
    return aggregator;
  }

  /** The port it listens on. */
  public int port() {
    return server.activeLocalPort();
  }

  /** Completes when the topology is known and a collection has covered every range. */
  public CompletableFuture<Void> complete() {
    return collector.complete();
  }

  /**
   * Waits for {@link #complete()}.
   *
   * @return whether it came in time
   * @throws InterruptedException if interrupted while waiting
   */
  public boolean awaitComplete(Duration limit) throws InterruptedException {
    try {
      complete().get(limit.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException late) {
      return false;
    } catch (ExecutionException impossible) {
      throw new IllegalStateException("the collection cannot fail", impossible);
    }
  }

  /** Stops listening and ends all connections; calls under way fail. Takes well under a second. */
  @Override
  public void close() {
    health.setHealthy(false);
    server.closeAsync();
    CompletableFuture<Void> portsClosed = new CompletableFuture<>();
    awaitPortsClosed(portsClosed);
    try {
      portsClosed.get(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException late) {
      logger.warn("The aggregator's port is not closed yet; it will be when the process ends");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException impossible) {
      throw new IllegalStateException("waiting cannot fail", impossible);
    }
    leave();
  }

  private GrpcHealthCheckService healthService() {
    GrpcHealthCheckServiceBuilder service = GrpcHealthCheckService.builder().checkers(health);
    for (String name :
        List.of(
            TopKServiceGrpc.SERVICE_NAME,
            CounterServiceGrpc.SERVICE_NAME,
            AdminServiceGrpc.SERVICE_NAME,
            TopologyServiceGrpc.SERVICE_NAME)) {
      service.serviceCheckers(name, health);
    }
    return service.build();
  }

  private void awaitPortsClosed(CompletableFuture<Void> portsClosed) {
    if (server.activePorts().isEmpty()) {
      portsClosed.complete(null);
    } else {
      loop.schedule(() -> awaitPortsClosed(portsClosed), STOP_POLL);
    }
  }

  private void leave() {
    collector.close();
    namespaces.close();
    cluster.close();
    loop.close();
  }
}
