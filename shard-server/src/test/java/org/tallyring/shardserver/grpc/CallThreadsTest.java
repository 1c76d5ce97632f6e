package org.tallyring.shardserver.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.RangeServiceGrpc;
import org.tallyring.proto.recording.EncodedStream;
import org.tallyring.proto.v1.CounterServiceGrpc;

/** Which calls stay on the event loop that they came on. */
class CallThreadsTest {

  private static boolean staysOnEventLoop(MethodDescriptor<?, ?> method) {
    try (CallThreads threads = new CallThreads("shard-1")) {
      Executor executor = threads.getExecutor(new CallOf<>(method), new Metadata());
      return executor != threads.others();
    }
  }

  @Test
  void batchesStayThereHoweverTheirMessagesAreRead() {
    assertThat(staysOnEventLoop(CounterServiceGrpc.getRecordMethod())).isTrue();
    assertThat(staysOnEventLoop(CounterServiceGrpc.getRecordStreamMethod())).isTrue();
    assertThat(staysOnEventLoop(EncodedStream.METHOD)).isTrue();
    assertThat(staysOnEventLoop(RangeServiceGrpc.getRecordForwardedMethod())).isTrue();
  }

  @Test
  void questionsDoNot() {
    assertThat(staysOnEventLoop(CounterServiceGrpc.getGetCountsMethod())).isFalse();
    assertThat(staysOnEventLoop(RangeServiceGrpc.getCollectTopKMethod())).isFalse();
  }

  /** A call of a method, and nothing more. */
  private static final class CallOf<Q, A> extends ServerCall<Q, A> {
    private final MethodDescriptor<Q, A> method;

    CallOf(MethodDescriptor<Q, A> method) {
      this.method = method;
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return method;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public void sendMessage(A message) {}

    @Override
    public void close(Status status, Metadata trailers) {}

    @Override
    public boolean isCancelled() {
      return false;
    }
  }
}
