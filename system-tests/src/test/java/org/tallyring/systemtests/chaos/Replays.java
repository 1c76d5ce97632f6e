package org.tallyring.systemtests.chaos;

import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionTimeoutException;
import org.tallyring.proto.v1.Mismatch;
import org.tallyring.proto.v1.RangeVerification;
import org.tallyring.proto.v1.VerifyRangesRequest;
import org.tallyring.proto.v1.VerifyRangesResponse;
import org.tallyring.systemtests.driver.ClusterApi;

/**
 * What the ranges hold and what they have stored, beside a replay of their journals: also what no
 * count shows before it is too late, as producers' sequences and event ids are.
 */
final class Replays {

  private static final Duration LIMIT = Duration.ofSeconds(90);

  private Replays() {}

  /** What differs, of all ranges, and what cannot be verified; waits for those on the move. */
  static List<String> differences(ClusterApi api) {
    List<String> differences = new ArrayList<>();
    Set<Integer> verified = new HashSet<>();
    int ranges = api.topology().getRangeCount();
    try {
      verifyAll(api, ranges, verified, differences);
    } catch (ConditionTimeoutException unverified) {
      differences.add(
          "ranges %s not verified within %s"
              .formatted(allBut(verified, ranges).getRangeIdsList(), LIMIT));
    }
    return differences;
  }

  private static void verifyAll(
      ClusterApi api, int ranges, Set<Integer> verified, List<String> differences) {
    await("all ranges verified")
        .atMost(LIMIT)
        .ignoreExceptionsMatching(
            failure ->
                switch (Status.fromThrowable(failure).getCode()) {
                  case UNAVAILABLE, DEADLINE_EXCEEDED -> true;
                  default -> false;
                })
        .until(
            () -> {
              Iterator<VerifyRangesResponse> answers =
                  api.admin().verifyRanges(allBut(verified, ranges));
              while (answers.hasNext()) {
                RangeVerification range = answers.next().getRange();
                if (range.getProblem().isEmpty() && verified.add(range.getRangeId())) {
                  range.getMismatchesList().stream()
                      .limit(1)
                      .forEach(mismatch -> differences.add(text(range, mismatch)));
                }
              }
              return verified.size() == ranges;
            });
  }

  /** A call ends after some seconds, and the next one goes on where it was. */
  private static VerifyRangesRequest allBut(Set<Integer> verified, int ranges) {
    return VerifyRangesRequest.newBuilder()
        .addAllRangeIds(
            IntStream.range(0, ranges).filter(range -> !verified.contains(range)).boxed().toList())
        .build();
  }

  private static String text(RangeVerification range, Mismatch mismatch) {
    return "range %d: %d differences between what it %s and a replay, the first: %s of %s, %d (replayed: %d)"
        .formatted(
            range.getRangeId(),
            range.getMismatchCount(),
            mismatch.hasSnapshot() ? "stored" : "holds",
            mismatch.getWhat(),
            mismatch.getNamespace(),
            mismatch.getStored(),
            mismatch.getReplayed());
  }
}
