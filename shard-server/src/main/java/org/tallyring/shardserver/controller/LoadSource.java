package org.tallyring.shardserver.controller;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.tallyring.topology.planning.RangeLoads;

/** Where the controller learns how heavy ranges are. Thread-safe. */
public interface LoadSource {

  /** The loads of all ranges; empty while some range's owner does not answer or is too new. */
  CompletableFuture<Optional<RangeLoads>> measure();
}
