package org.tallyring.cli;

import org.jspecify.annotations.Nullable;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.NamespaceDefinition;
import picocli.CommandLine.Option;

/** Which metric is meant. */
final class MetricOption {

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "The metric. Default: the namespace's first one, which is clicks in the namespace"
              + " default.")
  private @Nullable String metric;

  /**
   * Its name; the first metric of the namespace when it was not given.
   *
   * @throws org.tallyring.cli.failure.CliException if the name breaks the rule for names, or the
   *     namespace cannot be read
   */
  String name(ServerConnection connection, String namespace) {
    if (metric != null) {
      return Names.checked("--metric", metric);
    }
    NamespaceDefinition definition =
        connection
            .admin(
                stub ->
                    stub.getNamespace(GetNamespaceRequest.newBuilder().setName(namespace).build()))
            .getNamespace();
    return definition.getMetrics(0).getName();
  }
}
