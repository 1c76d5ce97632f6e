package org.tallyring.cli.config;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.tallyring.cli.failure.CliException;

/**
 * A configuration file: lines of {@code prefix.key = value}, comments after {@code #}.
 *
 * <p>A key that is not known, or given twice, is an error and not ignored: a misspelt key would
 * otherwise be a default in disguise. Immutable.
 */
final class ConfigFile {

  private final Map<String, String> values;

  private ConfigFile(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads a file.
   *
   * @param known every key it may have
   * @throws CliException if it cannot be read, or has another key
   */
  static ConfigFile read(Path file, List<Setting<?>> known) {
    try {
      return parse(Files.readString(file, StandardCharsets.UTF_8), known);
    } catch (CharacterCodingException e) {
      throw CliException.usage("--config", file, "a file in UTF-8");
    } catch (IOException e) {
      throw CliException.usage(
          "--config", file, "a file that can be read; deploy/conf has one for each role");
    }
  }

  /** Reads the text of a file, as {@link #read}. */
  static ConfigFile parse(String text, List<Setting<?>> known) {
    OnceOnly properties = new OnceOnly();
    try (Reader reader = new StringReader(text)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw CliException.usage("--config: " + e.getMessage() + " (expected: key = value)");
    }
    String names = known.stream().map(Setting::key).collect(Collectors.joining(", "));
    Map<String, String> values = new HashMap<>();
    for (String key : properties.stringPropertyNames()) {
      String value = properties.getProperty(key).strip();
      if (known.stream().noneMatch(setting -> setting.key().equals(key))) {
        throw CliException.usage(key, value, "one of " + names);
      }
      values.put(key, value);
    }
    return new ConfigFile(values);
  }

  /** The value of a key, or its default. */
  <T> T get(Setting<T> setting) {
    return setting.read(values.getOrDefault(setting.key(), setting.defaultText()));
  }

  /** Properties silently keep the last of two values. */
  private static final class OnceOnly extends Properties {
    private static final long serialVersionUID = 1L;

    @Override
    public synchronized Object put(Object key, Object value) {
      if (containsKey(key)) {
        throw CliException.usage(key.toString(), value, "given once");
      }
      return super.put(key, value);
    }
  }
}
