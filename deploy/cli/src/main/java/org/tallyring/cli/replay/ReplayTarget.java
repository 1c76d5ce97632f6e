package org.tallyring.cli.replay;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.config.HostPort;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * Where a replay records.
 *
 * @param server an aggregator or a shard
 * @param namespace the namespace
 * @param create whether to make the namespace and the metrics that are missing
 * @param deadline for how long to repeat what is not answered
 * @param notes told what a person should know meanwhile
 */
public record ReplayTarget(
    HostPort server, String namespace, boolean create, Duration deadline, Consumer<String> notes) {

  /**
   * Records the rows of the files.
   *
   * @throws CliException if nothing could be recorded at all
   */
  public Replay.Totals replay(Replay replay, List<InputFile> files) {
    try (ServerConnection connection = ServerConnection.to(server)) {
      Metrics metrics = metrics(connection);
      if (replay.plan().hasOneMetric()) {
        String violation = metrics.require(replay.plan().metric());
        if (violation != null) {
          throw CliException.failed(violation);
        }
      }
      try (IncrementSink sink =
          new ClientSink(
              server, namespace, deadline, InstantSource.system(), replay.rejections()::add)) {
        return replay.run(files, metrics, sink);
      }
    }
  }

  private Metrics metrics(ServerConnection connection) {
    ListNamespacesRequest all = ListNamespacesRequest.getDefaultInstance();
    Optional<NamespaceDefinition> existing =
        patiently(connection, stub -> stub.listNamespaces(all)).getNamespacesList().stream()
            .filter(other -> other.getName().equals(namespace))
            .findFirst();
    if (existing.isPresent()) {
      return new NamespaceMetrics(
          existing.get(), create ? metric -> createMetric(connection, metric) : null);
    }
    if (!create) {
      throw CliException.failed(
          "namespace: "
              + namespace
              + " (expected: one that exists; `tally namespace create` or --create makes it)");
    }
    // The namespace is made with the first metric that is seen, so that it gets no other.
    boolean[] made = {false};
    return new NamespaceMetrics(
        NamespaceDefinition.getDefaultInstance(),
        metric -> {
          if (made[0]) {
            createMetric(connection, metric);
          } else {
            createNamespace(connection, metric);
            made[0] = true;
          }
        });
  }

  private void createNamespace(ServerConnection connection, String firstMetric) {
    CreateNamespaceRequest request =
        CreateNamespaceRequest.newBuilder()
            .setNamespace(
                NamespaceDefinition.newBuilder()
                    .setName(namespace)
                    .addMetrics(MetricDefinition.newBuilder().setName(firstMetric)))
            .build();
    boolean made = patiently(connection, stub -> isNew(stub, request));
    if (!made) {
      createMetric(connection, firstMetric);
    }
  }

  /** False if somebody else has made it meanwhile, with other metrics. */
  private static boolean isNew(
      AdminServiceGrpc.AdminServiceBlockingStub stub, CreateNamespaceRequest request) {
    try {
      stub.createNamespace(request);
      return true;
    } catch (StatusRuntimeException failure) {
      if (Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_NAMESPACE_EXISTS) {
        return false;
      }
      throw failure;
    }
  }

  private void createMetric(ServerConnection connection, String name) {
    CreateMetricRequest request =
        CreateMetricRequest.newBuilder()
            .setNamespace(namespace)
            .setMetric(MetricDefinition.newBuilder().setName(name))
            .build();
    patiently(connection, stub -> stub.createMetric(request));
  }

  private <T> T patiently(
      ServerConnection connection, Function<AdminServiceGrpc.AdminServiceBlockingStub, T> rpc) {
    return connection.callWithin(
        deadline,
        AdminServiceGrpc.newBlockingStub(connection.channel()),
        rpc,
        failure ->
            notes.accept(
                failure.getMessage() + " (repeating for " + DurationText.format(deadline) + ")"));
  }
}
