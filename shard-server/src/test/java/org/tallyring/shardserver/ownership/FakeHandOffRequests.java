package org.tallyring.shardserver.ownership;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Keeps what was asked until it is taken and answered by a test. Thread-safe. */
final class FakeHandOffRequests implements HandOffRequests {

  /** One question, and the way to answer it. */
  record Asked(
      String owner, int rangeId, long epoch, CompletableFuture<Optional<HandedOff>> answer) {}

  private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();

  @Override
  public void expect(String owner) {}

  @Override
  public CompletableFuture<Optional<HandedOff>> handOff(String owner, int rangeId, long epoch) {
    CompletableFuture<Optional<HandedOff>> answer = new CompletableFuture<>();
    asked.add(new Asked(owner, rangeId, epoch, answer));
    return answer;
  }

  /** The next question, waited for. */
  Asked take() throws InterruptedException {
    Asked next = asked.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing was asked");
    }
    return next;
  }

  boolean isEmpty() {
    return asked.isEmpty();
  }
}
