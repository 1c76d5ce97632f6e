package org.tallyring.shardserver.coordination;

import java.util.function.Consumer;

/**
 * Choosing one controller. It is a matter of liveness only: for moments two processes can both
 * believe that they lead, so whatever a leader writes is a compare-and-set.
 */
public interface Election {

  /**
   * Stands for election under an id until the coordination is closed or its registration was
   * replaced by a later process; after that it does nothing. The listener hears {@code true} when
   * elected and {@code false} when that ends, on a thread of the coordination's own. To be called
   * once.
   *
   * @throws IllegalStateException at a second call
   */
  void campaign(String id, Consumer<Boolean> listener);
}
