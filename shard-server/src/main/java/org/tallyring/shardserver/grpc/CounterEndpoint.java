package org.tallyring.shardserver.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceImplBase;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamResponse;

/** CounterService on a shard; served through {@link CounterBinding}. */
final class CounterEndpoint extends CounterServiceImplBase {

  /** So many are put into columns in less time than it takes to wake another thread. */
  private static final int FEW = 20;

  private final RowRecorder rows;
  private final BatchRouter router;
  private final CountsReader counts;
  private final SeriesReader series;
  private final Executor executor;

  /**
   * The service.
   *
   * @param executor for calls with many increments, which would hold up the event loop that they
   *     came on
   */
  CounterEndpoint(
      RowRecorder rows,
      BatchRouter router,
      CountsReader counts,
      SeriesReader series,
      Executor executor) {
    this.rows = rows;
    this.router = router;
    this.counts = counts;
    this.series = series;
    this.executor = executor;
  }

  @Override
  public void record(RecordRequest request, StreamObserver<RecordResponse> call) {
    Deadline given = Context.current().getDeadline();
    Deadline deadline = given == null ? Deadline.after(1, TimeUnit.DAYS) : given;
    Calls.answer(
        call,
        request.getIncrementsCount() <= FEW
            ? rows.record(request, deadline)
            : CompletableFuture.supplyAsync(() -> rows.record(request, deadline), executor)
                .thenCompose(Function.identity()));
  }

  /** {@link #recordStream}, with batches as they came; see {@link CounterBinding}. */
  StreamObserver<EncodedStreamRequest> receiveStream(StreamObserver<RecordStreamResponse> call) {
    return new RecordStreamHandler(router, (ServerCallStreamObserver<RecordStreamResponse>) call);
  }

  @Override
  public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> call) {
    Calls.answer(call, counts.counts(request));
  }

  @Override
  public void getSeries(GetSeriesRequest request, StreamObserver<GetSeriesResponse> call) {
    Calls.answer(call, series.series(request));
  }
}
