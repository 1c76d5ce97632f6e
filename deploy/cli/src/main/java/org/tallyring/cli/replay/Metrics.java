package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;

/** The metrics of the namespace that is written to. */
interface Metrics {

  /**
   * Makes sure that a metric is there.
   *
   * @param name the name, not yet checked
   * @return why nothing can be recorded under this name; null if something can
   */
  @Nullable String require(String name);
}
