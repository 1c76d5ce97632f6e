package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.tallyring.shardserver.grpc.Refusals.expect;
import static org.tallyring.shardserver.grpc.Refusals.refusal;

import io.grpc.Status.Code;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.shardserver.coordination.InMemoryCluster;
import org.tallyring.shardserver.coordination.InMemoryCoordination;

final class ReadGuardTest {

  private final InMemoryCoordination connection = new InMemoryCluster().connect(1, Runnable::run);
  private final ReadGuard guard = new ReadGuard(connection::provenState);

  @Test
  void aReadIsLetThroughWhileTheLeaseHolds() {
    guard.check();
    connection.outliveLease();
    Throwable refused =
        refusal(Code.UNAVAILABLE, ErrorReason.ERROR_REASON_NO_SESSION, guard::check);
    assertThat(Errors.retryDelayOf(refused)).isPresent();

    connection.proveSession();

    guard.check();
  }

  @Test
  void anAnswerThatIsThereOnlyAfterTheLeaseIsNotGiven() {
    CompletableFuture<Integer> read = new CompletableFuture<>();
    guard.check();
    CompletableFuture<Integer> answer = read.thenApply(guard::checked);
    connection.outliveLease();
    read.complete(5);

    expect(
        Code.UNAVAILABLE,
        ErrorReason.ERROR_REASON_NO_SESSION,
        answer.handle((given, failure) -> failure).join());
  }
}
