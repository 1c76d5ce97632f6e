package org.tallyring.aggregator.collect;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.aggregator.merge.OfRange;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.topology.window.KeptBuckets;

/** Asks every live shard the same question at once. Thread-safe and never blocking. */
final class Broadcast {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  /** A shard may learn of a new namespace, or get over a change of owners, this much later. */
  private static final Duration REPEAT_DELAY = Duration.ofMillis(100);

  private static final Logger logger = LoggerFactory.getLogger(Broadcast.class);

  private final Cluster cluster;
  private final ShardCalls calls;
  private final EventLoop loop;

  Broadcast(Cluster cluster, ShardCalls calls, EventLoop loop) {
    this.cluster = cluster;
    this.calls = calls;
    this.loop = loop;
  }

  /**
   * Asks.
   *
   * @param parts what a shard's answer says of its ranges; may fail if it is damaged
   * @return what the owners said. The ranges of a shard that does not answer are missing. Fails
   *     only with OUT_OF_RANGE, which a shard says of the question and which leaving it out would
   *     hide.
   */
  <Q, R, P extends OfRange> CompletableFuture<IntervalParts<P>> ask(
      MethodDescriptor<Q, R> method, Q request, Function<R, IntervalParts<P>> parts) {
    List<CompletableFuture<IntervalParts<P>>> answers = new ArrayList<>();
    cluster
        .picture()
        .addresses()
        .forEach(
            (shardId, address) ->
                answers.add(
                    askTwice(address, method, request)
                        .thenApply(parts)
                        .exceptionallyCompose(failure -> missing(shardId, address, failure))));
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(done -> together(answers.stream().map(CompletableFuture::join).toList()));
  }

  private <P extends OfRange> IntervalParts<P> together(List<IntervalParts<P>> all) {
    // An owner that has been replaced meanwhile may have missed increments.
    ClusterPicture picture = cluster.picture();
    return new IntervalParts<>(
        all.stream()
            .flatMap(answer -> answer.parts().stream())
            .filter(part -> part.epoch() >= picture.epoch(part.rangeId()))
            .toList(),
        all.stream().map(IntervalParts::kept).reduce(KeptBuckets.EVERYTHING, KeptBuckets::and));
  }

  private static <P extends OfRange> CompletableFuture<IntervalParts<P>> missing(
      String shardId, String address, Throwable failure) {
    if (Status.fromThrowable(failure).getCode() == Status.Code.OUT_OF_RANGE
        || Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_BAD_STRATEGY) {
      return CompletableFuture.failedFuture(failure);
    }
    logger.warn(
        "{} at {} cannot be asked for a ranking, its ranges are missing from the answer: {}",
        shardId,
        address,
        failure.toString());
    return CompletableFuture.completedFuture(
        new IntervalParts<>(List.of(), KeptBuckets.EVERYTHING));
  }

  private <Q, R> CompletableFuture<R> askTwice(
      String address, MethodDescriptor<Q, R> method, Q request) {
    return calls
        .to(address, method, request, TIMEOUT)
        .exceptionallyCompose(
            failure -> {
              Status.Code code = Status.fromThrowable(failure).getCode();
              if (code != Status.Code.UNAVAILABLE && code != Status.Code.NOT_FOUND) {
                return CompletableFuture.failedFuture(failure);
              }
              CompletableFuture<R> repeated = new CompletableFuture<>();
              loop.schedule(
                  () ->
                      calls
                          .to(address, method, request, TIMEOUT)
                          .whenComplete(
                              (answer, again) -> {
                                if (again == null) {
                                  repeated.complete(answer);
                                } else {
                                  repeated.completeExceptionally(again);
                                }
                              }),
                  REPEAT_DELAY);
              return repeated;
            });
  }
}
