package org.tallyring.shardserver.coordination;

import java.util.function.Consumer;

/** The cluster as it changes. Thread-safe. */
public interface ClusterWatch {

  /** The newest view. */
  ClusterView view();

  /**
   * Calls the listener with the present view, then with a newer complete one after each change or
   * burst of changes, one call at a time, on a thread of the coordination's own. A listener must
   * not block.
   */
  void listen(Consumer<ClusterView> listener);
}
