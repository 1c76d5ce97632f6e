package org.tallyring.cli;

import java.nio.charset.StandardCharsets;
import org.tallyring.cli.failure.CliException;
import org.tallyring.topology.name.KeyRules;
import org.tallyring.topology.name.NameRules;

/** Checks names and keys of the command line before anything is sent. */
final class Names {

  private Names() {}

  /**
   * The name itself.
   *
   * @param parameter what it was given as, for the message
   * @throws CliException if it breaks the rule for names
   */
  static String checked(String parameter, String name) {
    String violation = NameRules.violation(parameter, name);
    if (violation != null) {
      throw CliException.usage(violation);
    }
    return name;
  }

  /**
   * The key's bytes.
   *
   * @throws CliException if it breaks the rule for keys
   */
  static byte[] key(String key) {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    return checked("key", bytes);
  }

  /**
   * A user's bytes.
   *
   * @throws CliException if it breaks the rule for users, which is that for keys
   */
  static byte[] user(String user) {
    return checked("user", user.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] checked(String name, byte[] bytes) {
    String violation = KeyRules.violation(name, bytes, 0, bytes.length);
    if (violation != null) {
      throw CliException.usage(violation);
    }
    return bytes;
  }
}
