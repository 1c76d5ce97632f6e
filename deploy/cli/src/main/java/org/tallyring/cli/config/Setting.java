package org.tallyring.cli.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.tallyring.cli.failure.CliException;
import org.tallyring.topology.name.NameRules;

/**
 * A key of a configuration file.
 *
 * @param key its name, {@code prefix.key}
 * @param defaultText what it is when the file does not say, as it would be written there
 * @param reader makes the value of a key's name and its text; throws {@link CliException}
 */
record Setting<T>(String key, String defaultText, BiFunction<String, String, T> reader) {

  /** Any text on one line; may be empty. */
  static Setting<String> text(String key, String defaultText) {
    return new Setting<>(key, defaultText, (name, value) -> value);
  }

  /** A host to listen on. */
  static Setting<String> host(String key, String defaultText) {
    return new Setting<>(
        key,
        defaultText,
        (name, value) -> {
          if (value.isEmpty() || value.contains(" ")) {
            throw CliException.usage(name, value, "a host name or an address");
          }
          return value;
        });
  }

  /** A name by {@link NameRules}. */
  static Setting<String> name(String key, String defaultText) {
    return new Setting<>(
        key,
        defaultText,
        (name, value) -> {
          String violation = NameRules.violation(name, value);
          if (violation != null) {
            throw CliException.usage(violation);
          }
          return value;
        });
  }

  /** A TCP port. */
  static Setting<Integer> port(String key, int defaultPort) {
    return integer(key, defaultPort, 1, 65_535);
  }

  /** A whole number within bounds, both inclusive. */
  static Setting<Integer> integer(String key, int defaultValue, int min, int max) {
    return new Setting<>(
        key,
        Integer.toString(defaultValue),
        (name, value) -> (int) number(name, value, min, max, min + "-" + max));
  }

  /** A power of two within bounds, both inclusive. */
  static Setting<Integer> powerOfTwo(String key, int defaultValue, int max) {
    String rule = "a power of two, 1-" + max;
    return new Setting<>(
        key,
        Integer.toString(defaultValue),
        (name, value) -> {
          int number = (int) number(name, value, 1, max, rule);
          if (Integer.bitCount(number) != 1) {
            throw CliException.usage(name, value, rule);
          }
          return number;
        });
  }

  /** A number of bytes of at least {@code min}. */
  static Setting<Long> bytes(String key, long defaultValue, long min) {
    return new Setting<>(
        key,
        Long.toString(defaultValue),
        (name, value) -> number(name, value, min, Long.MAX_VALUE, "bytes, at least " + min));
  }

  /** A span of time of at least {@code min}. */
  static Setting<Duration> duration(String key, Duration defaultValue, Duration min) {
    return new Setting<>(
        key,
        DurationText.format(defaultValue),
        (name, value) -> {
          Duration duration = DurationText.parse(name, value);
          if (duration.compareTo(min) < 0) {
            throw CliException.usage(name, value, "at least " + DurationText.format(min));
          }
          return duration;
        });
  }

  /** A directory, made when it is missing. */
  static Setting<Path> directory(String key, String defaultText) {
    return new Setting<>(
        key,
        defaultText,
        (name, value) -> {
          try {
            if (!value.isEmpty()) {
              return Path.of(value);
            }
          } catch (InvalidPathException e) {
            throw CliException.usage(name, value, "a directory: " + e.getReason());
          }
          throw CliException.usage(name, value, "a directory");
        });
  }

  /** One or more addresses, separated by commas. */
  static Setting<List<HostPort>> addresses(String key, String defaultText) {
    return new Setting<>(
        key,
        defaultText,
        (name, value) ->
            Arrays.stream(value.split(",", -1))
                .map(address -> HostPort.parse(name, address.strip()))
                .toList());
  }

  T read(String text) {
    return reader.apply(key, text);
  }

  private static long number(String name, String value, long min, long max, String rule) {
    try {
      long number = Long.parseLong(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw CliException.usage(name, value, rule);
    }
    throw CliException.usage(name, value, rule);
  }
}
