package org.tallyring.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.failure.ExitCode;

final class ConfigFileTest {

  @TempDir Path directory;

  @Test
  void valuesAreReadAndWhatIsLeftOutHasItsDefault() {
    ShardConfig config =
        shard(
            """
            # a comment
            shard.id = shard-7
            zookeeper.connect = zk1:2181, [::1]:2182
            zookeeper.session-timeout=1500ms
              cluster.ranges : 256
            """);

    assertThat(config.id()).isEqualTo("shard-7");
    assertThat(config.zookeeper())
        .containsExactly(new HostPort("zk1", 2181), new HostPort("::1", 2182));
    assertThat(config.sessionTimeout()).isEqualTo(Duration.ofMillis(1_500));
    assertThat(config.ranges()).isEqualTo(256);
    assertThat(config.port()).isEqualTo(7071);
    assertThat(config.zone()).isEmpty();
    assertThat(config.metricsPort()).as("no metrics unless asked for").isZero();
  }

  @Test
  void anUnknownKeyIsRefusedWithThoseThatAreKnown() {
    assertThatThrownBy(() -> ConfigFile.parse("aggregator.prot = 1", AggregatorRoleConfig.SETTINGS))
        .isInstanceOf(CliException.class)
        .hasMessage(
            "aggregator.prot: 1 (expected: one of aggregator.host, aggregator.port,"
                + " aggregator.seeds)")
        .extracting(e -> ((CliException) e).exitCode())
        .isEqualTo(ExitCode.WRONG_USAGE);
  }

  @Test
  void aKeyGivenTwiceIsRefused() {
    assertThatThrownBy(() -> shard("shard.port = 1\nshard.port = 2"))
        .hasMessage("shard.port: 2 (expected: given once)");
  }

  @ParameterizedTest
  @CsvSource({
    "shard.id, Shard 1",
    "shard.host, ''",
    "shard.port, 0",
    "shard.port, 65536",
    "shard.port, many",
    "shard.weight, -1",
    "cluster.ranges, 100",
    "cluster.ranges, 0",
    "zookeeper.connect, ''",
    "zookeeper.connect, zk1",
    "zookeeper.session-timeout, 10",
    "zookeeper.session-timeout, 10ms",
    "journal.roll-bytes, 5",
    "journal.roll-bytes, 64 MiB",
    "engine.loops, -1",
    "metrics.port, -1",
    "metrics.port, 65536",
    "metrics.host, ''",
  })
  void aValueThatBreaksItsRuleIsRefusedByName(String key, String value) {
    assertThatThrownBy(() -> shard(key + " = " + value))
        .isInstanceOf(CliException.class)
        .hasMessageStartingWith(key + ": ")
        .hasMessageContaining("(expected: ");
  }

  @Test
  void aFileThatCannotBeReadIsWrongUsage() throws IOException {
    Path absent = directory.resolve("absent.conf");
    assertThatThrownBy(() -> ShardConfig.read(absent))
        .hasMessageStartingWith("--config: " + absent);

    Path latin = Files.write(directory.resolve("latin.conf"), new byte[] {'#', (byte) 0xE4});
    assertThatThrownBy(() -> ShardConfig.read(latin)).hasMessageContaining("a file in UTF-8");

    Path escape = Files.writeString(directory.resolve("escape.conf"), "shard.zone = \\u00");
    assertThatThrownBy(() -> ShardConfig.read(escape)).isInstanceOf(CliException.class);
  }

  @ParameterizedTest
  @CsvSource({"0s, 0s", "1500ms, 1500ms", "60s, 1m", "90s, 90s", "3600s, 1h", "48h, 2d"})
  void spansAreWrittenAsTheyAreRead(String text, String shortest) {
    Duration span = DurationText.parse("span", text);

    assertThat(DurationText.format(span)).isEqualTo(shortest);
    assertThat(DurationText.parse("span", shortest)).isEqualTo(span);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:7070, 127.0.0.1:7070",
    "http://127.0.0.1:7070, 127.0.0.1:7070",
    "http://localhost:7070/, localhost:7070",
    "[::1]:80, [::1]:80",
  })
  void addressesAreReadAsPeopleWriteThem(String text, String address) {
    assertThat(HostPort.parse("--server", text)).hasToString(address);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost",
    "localhost:",
    ":7070",
    "a:0",
    "a:65536",
    "a:b",
    "::1:80",
    "a b:1",
    "a/b:1",
    "[a]:1",
    "''"
  })
  void whatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> HostPort.parse("--server", text))
        .hasMessage("--server: " + text + " (expected: " + HostPort.RULE + ")");
  }

  private static ShardConfig shard(String text) {
    List<Setting<?>> settings = ShardConfig.SETTINGS;
    return ShardConfig.of(ConfigFile.parse(text, settings));
  }
}
