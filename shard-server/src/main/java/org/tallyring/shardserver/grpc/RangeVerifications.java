package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.ClusterWatch;
import org.tallyring.shardserver.ownership.OwnedRange;
import org.tallyring.shardserver.ownership.ShardRanges;

/**
 * Verifications of ranges: those held here by themselves, the others by asking their owners, all
 * owners at once. Thread-safe.
 *
 * <p>A caller gets one message for each range and no more, so nothing has to wait for a slow one.
 * One that goes away ends what it asked for after the ranges that are being verified.
 */
final class RangeVerifications {

  private static final Logger log = LoggerFactory.getLogger(RangeVerifications.class);

  private final String shardId;
  private final ClusterWatch watch;
  private final ShardRanges ranges;
  private final PeerChannels peers;

  RangeVerifications(String shardId, ClusterWatch watch, ShardRanges ranges, PeerChannels peers) {
    this.shardId = shardId;
    this.watch = watch;
    this.ranges = ranges;
    this.peers = peers;
  }

  /**
   * Takes a call. To be called while it is being accepted.
   *
   * @throws io.grpc.StatusRuntimeException if the request makes no sense
   */
  void begin(VerifyRangesRequest request, ServerCallStreamObserver<VerifyRangesResponse> call) {
    ClusterView view = watch.view();
    Set<Integer> wanted = wanted(request.getRangeIdsList(), view.config().getRangeCount());
    Telling telling = new Telling(call, wanted.size());
    if (request.getLocalOnly()) {
      new Local(wanted, telling).next();
      return;
    }
    TreeMap<String, Set<Integer>> byOwner = new TreeMap<>();
    Map<String, String> addresses = new HashMap<>();
    for (int rangeId : wanted) {
      Member owner = RangeOwners.serving(view, rangeId).orElse(Member.getDefaultInstance());
      byOwner.computeIfAbsent(owner.getId(), id -> new TreeSet<>()).add(rangeId);
      addresses.put(owner.getId(), owner.getAddress());
    }
    byOwner.forEach(
        (owner, owned) -> {
          if (owner.isEmpty()) {
            owned.forEach(
                rangeId -> telling.problem(rangeId, owner, "no shard serves it at the moment"));
          } else if (owner.equals(shardId)) {
            new Local(owned, telling).next();
          } else {
            peers
                .adminStreams(addresses.getOrDefault(owner, ""))
                .verifyRanges(
                    VerifyRangesRequest.newBuilder()
                        .addAllRangeIds(owned)
                        .setLocalOnly(true)
                        .build(),
                    new Remote(owner, owned, telling));
          }
        });
  }

  private static Set<Integer> wanted(List<Integer> asked, int rangeCount) {
    Set<Integer> wanted = new TreeSet<>(asked);
    for (int rangeId : wanted) {
      if (rangeId < 0 || rangeId >= rangeCount) {
        throw JournalLogs.noSuchRange(rangeId, rangeCount);
      }
    }
    for (int rangeId = 0; asked.isEmpty() && rangeId < rangeCount; rangeId++) {
      wanted.add(rangeId);
    }
    return wanted;
  }

  /** What a caller is told, from any thread. */
  private static final class Telling {

    private final ServerCallStreamObserver<VerifyRangesResponse> call;
    private final int total;
    private int told;

    Telling(ServerCallStreamObserver<VerifyRangesResponse> call, int total) {
      this.call = call;
      this.total = total;
      // Without it a message to a caller who has gone would fail.
      call.setOnCancelHandler(() -> {});
    }

    boolean isWanted() {
      return !call.isCancelled();
    }

    synchronized void tell(RangeVerification range) {
      call.onNext(VerifyRangesResponse.newBuilder().setRangesTotal(total).setRange(range).build());
      if (++told == total) {
        call.onCompleted();
      }
    }

    void problem(int rangeId, String owner, String problem) {
      tell(
          RangeVerification.newBuilder()
              .setRangeId(rangeId)
              .setOwner(owner)
              .setProblem(problem)
              .build());
    }
  }

  /** Ranges held here, one after the other. */
  private final class Local {

    private final List<Integer> left;
    private final Telling telling;

    Local(Set<Integer> rangeIds, Telling telling) {
      this.left = new ArrayList<>(rangeIds);
      this.telling = telling;
    }

    void next() {
      if (left.isEmpty() || !telling.isWanted()) {
        return;
      }
      int rangeId = left.remove(0);
      Optional<OwnedRange> held = ranges.find(rangeId);
      if (held.isEmpty()) {
        told(rangeId, null, null);
        return;
      }
      ranges
          .audit()
          .verify(held.get())
          .whenComplete((found, failure) -> told(rangeId, found, failure));
    }

    private void told(
        int rangeId,
        org.tallyring.shardserver.ownership.@Nullable RangeVerification found,
        @Nullable Throwable failure) {
      if (failure != null) {
        log.warn("range {}: not verified", rangeId, failure);
        telling.problem(rangeId, shardId, String.valueOf(Calls.unwrap(failure).getMessage()));
      } else if (found == null) {
        telling.problem(rangeId, shardId, "its owner does not serve it at the moment");
      } else {
        telling.tell(AuditMessages.verification(shardId, found));
      }
      next();
    }
  }

  /** What another shard tells of its ranges. */
  private static final class Remote implements StreamObserver<VerifyRangesResponse> {

    private final String owner;
    private final Set<Integer> left;
    private final Telling telling;

    Remote(String owner, Set<Integer> rangeIds, Telling telling) {
      this.owner = owner;
      this.left = new TreeSet<>(rangeIds);
      this.telling = telling;
    }

    @Override
    public void onNext(VerifyRangesResponse message) {
      if (left.remove(message.getRange().getRangeId())) {
        telling.tell(message.getRange());
      }
    }

    @Override
    public void onError(Throwable failure) {
      log.info("{}: no verifications ({})", owner, failure.toString());
      boolean unreached = Errors.reasonOf(failure) == ErrorReason.ERROR_REASON_UNSPECIFIED;
      end(unreached ? "its owner does not answer" : String.valueOf(failure.getMessage()));
    }

    @Override
    public void onCompleted() {
      end("its owner told nothing of it");
    }

    private void end(String problem) {
      left.forEach(rangeId -> telling.problem(rangeId, owner, problem));
      left.clear();
    }
  }
}
