package org.tallyring.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/** The version, from the jar's manifest. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    @Nullable String version = Tally.class.getPackage().getImplementationVersion();
    return new String[] {
      "tally " + (version == null ? "(not from a jar)" : version), "Java " + Runtime.version()
    };
  }
}
