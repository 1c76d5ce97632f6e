package org.tallyring.shardserver.ownership;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Asks other shards to hand ranges off to this one. Thread-safe. */
public interface HandOffRequests {

  /** A shard will soon be asked: what that takes can be done beforehand. */
  void expect(String owner);

  /**
   * Asks the owner of a range for it.
   *
   * @param owner the shard that serves it
   * @param rangeId the range
   * @param epoch the owner's epoch
   * @return completes when that shard takes nothing for the range any more, with what the next
   *     owner has to find, or empty if the shard did not serve it. Fails with {@link
   *     HandOffRefusedException} if it goes on serving and is to be asked again, with any other
   *     exception if it gave no answer
   */
  CompletableFuture<Optional<HandedOff>> handOff(String owner, int rangeId, long epoch);
}
