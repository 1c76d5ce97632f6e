package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class CoordinationSettingsTest {

  private static void refused(
      String connectString, String clusterName, int timeoutMillis, int ranges, String message) {
    assertThatThrownBy(
            () -> new CoordinationSettings(connectString, clusterName, timeoutMillis, ranges))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatNoClusterCanBeReachedWithIsRefused() {
    refused(" ", "main", 6000, 64, "connectString: \" \" (expected: host:port,...)");
    refused("localhost:7090", "", 6000, 64, "clusterName: \"\" (expected: a name without '/')");
    refused("localhost:7090", "a/b", 6000, 64, "clusterName: \"a/b\"");
    refused("localhost:7090", "main", 0, 64, "sessionTimeoutMillis: 0 (expected: more than 0)");
    refused("localhost:7090", "main", 6000, 63, "63");
  }
}
