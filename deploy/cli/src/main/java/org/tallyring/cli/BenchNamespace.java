package org.tallyring.cli;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.AdminServiceGrpc.AdminServiceBlockingStub;
import org.tallyring.proto.v1.CreateMetricRequest;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.ListNamespacesRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;

/** Makes what a load needs. */
final class BenchNamespace {

  private BenchNamespace() {}

  /**
   * Makes the namespace and the metrics that are missing.
   *
   * @param notes told what was made
   * @throws CliException if that cannot be done
   */
  static void ensure(
      ServerConnection connection, String namespace, List<String> metrics, Consumer<String> notes) {
    Optional<NamespaceDefinition> existing =
        call(connection, stub -> stub.listNamespaces(ListNamespacesRequest.getDefaultInstance()))
            .getNamespacesList()
            .stream()
            .filter(other -> other.getName().equals(namespace))
            .findFirst();
    if (existing.isEmpty()) {
      NamespaceDefinition.Builder definition = NamespaceDefinition.newBuilder().setName(namespace);
      metrics.forEach(
          metric -> definition.addMetrics(MetricDefinition.newBuilder().setName(metric)));
      CreateNamespaceRequest request =
          CreateNamespaceRequest.newBuilder().setNamespace(definition).build();
      call(connection, stub -> stub.createNamespace(request));
      notes.accept(
          "namespace " + namespace + ": made, with the metrics " + String.join(", ", metrics));
      return;
    }
    List<String> known =
        existing.get().getMetricsList().stream().map(MetricDefinition::getName).toList();
    for (String metric : metrics) {
      if (!known.contains(metric)) {
        CreateMetricRequest request =
            CreateMetricRequest.newBuilder()
                .setNamespace(namespace)
                .setMetric(MetricDefinition.newBuilder().setName(metric))
                .build();
        call(connection, stub -> stub.createMetric(request));
        notes.accept("metric " + metric + ": made, in the namespace " + namespace);
      }
    }
  }

  private static <T> T call(
      ServerConnection connection, Function<AdminServiceBlockingStub, T> rpc) {
    return connection.call(AdminServiceGrpc.newBlockingStub(connection.channel()), rpc);
  }
}
