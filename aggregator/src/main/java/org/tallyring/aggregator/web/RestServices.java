package org.tallyring.aggregator.web;

import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.docs.DocService;
import com.linecorp.armeria.server.prometheus.PrometheusExpositionService;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.tallyring.aggregator.answer.RankAnswers;
import org.tallyring.aggregator.answer.RankingPages;
import org.tallyring.aggregator.answer.TopKAnswers;
import org.tallyring.aggregator.answer.TrendingAnswers;
import org.tallyring.aggregator.collect.Cluster;
import org.tallyring.aggregator.collect.Holdings;
import org.tallyring.aggregator.collect.NamespaceDirectory;
import org.tallyring.aggregator.collect.ShardCalls;

/** Everything that is served over plain HTTP. */
public final class RestServices {

  /** The largest body of a request; 10,000 events of ordinary keys take a tenth of it. */
  static final int MAX_BODY_BYTES = 8 << 20;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private RestServices() {}

  /** Adds the services to a server that is being built. */
  public static void addTo(
      ServerBuilder server,
      InstantSource clock,
      TopKAnswers answers,
      RankAnswers ranks,
      RankingPages pages,
      TrendingAnswers trending,
      NamespaceDirectory namespaces,
      ShardCalls calls,
      Cluster cluster,
      Holdings holdings,
      PrometheusMeterRegistry registry) {
    RestErrors errors = new RestErrors();
    for (Object resource :
        List.of(
            new TopKResource(answers),
            new RankResource(ranks),
            new RankingResource(pages),
            new TrendingResource(trending),
            new CountResource(namespaces, calls),
            new SeriesResource(namespaces, calls, clock),
            new EventsResource(calls),
            new ClusterResource(cluster, holdings))) {
      server
          .annotatedService()
          .requestTimeout(TIMEOUT)
          .maxRequestLength(MAX_BODY_BYTES)
          .exceptionHandlers(errors)
          .build(resource);
    }
    server.service("/metrics", PrometheusExpositionService.of(registry.getPrometheusRegistry()));
    server.serviceUnder("/docs", new DocService());
    server.errorHandler(errors);
  }
}
