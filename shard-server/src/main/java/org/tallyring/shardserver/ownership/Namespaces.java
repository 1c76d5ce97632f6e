package org.tallyring.shardserver.ownership;

import org.tallyring.proto.v1.NamespaceDefinition;

/** What a namespace's definition means where it leaves something unsaid. */
public final class Namespaces {

  /** The namespace that always exists. */
  public static final String DEFAULT = "default";

  private static final long DEFAULT_LATENESS_MILLIS = 60_000;

  private Namespaces() {}

  /** How long after its end a window of the namespace waits for late events, in milliseconds. */
  public static long latenessMillis(NamespaceDefinition namespace) {
    return namespace.hasLatenessMillis() ? namespace.getLatenessMillis() : DEFAULT_LATENESS_MILLIS;
  }
}
