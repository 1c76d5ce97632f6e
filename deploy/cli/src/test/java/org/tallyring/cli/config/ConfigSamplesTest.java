package org.tallyring.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The files in deploy/conf have every key with its default, and nothing else. */
final class ConfigSamplesTest {

  private static final Path SAMPLES = Path.of("..", "conf");

  static Stream<Arguments> samples() {
    return Stream.of(
        Arguments.of("zookeeper.conf", ZooKeeperConfig.SETTINGS),
        Arguments.of("bookie.conf", BookieConfig.SETTINGS),
        Arguments.of("shard-server.conf", ShardConfig.SETTINGS),
        Arguments.of("aggregator.conf", AggregatorRoleConfig.SETTINGS));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void aSampleHasEveryKeyWithItsDefault(String name, List<Setting<?>> settings) throws IOException {
    Properties sample = new Properties();
    try (Reader reader = Files.newBufferedReader(SAMPLES.resolve(name))) {
      sample.load(reader);
    }
    Map<String, String> defaults =
        settings.stream().collect(Collectors.toMap(Setting::key, Setting::defaultText));

    assertThat(sample.stringPropertyNames()).containsExactlyInAnyOrderElementsOf(defaults.keySet());
    defaults.forEach((key, value) -> assertThat(sample.getProperty(key)).as(key).isEqualTo(value));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void aSampleIsAValidFile(String name, List<Setting<?>> settings) {
    ConfigFile file = ConfigFile.read(SAMPLES.resolve(name), settings);

    assertThat(settings).allSatisfy(setting -> assertThat(file.get(setting)).isNotNull());
  }
}
