package org.tallyring.shardserver.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.v1.CounterServiceGrpc.CounterServiceImplBase;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;

/** CounterService on a shard. */
final class CounterEndpoint extends CounterServiceImplBase {

  private final RowRecorder rows;
  private final BatchRouter router;
  private final CountsReader counts;
  private final SeriesReader series;

  CounterEndpoint(RowRecorder rows, BatchRouter router, CountsReader counts, SeriesReader series) {
    this.rows = rows;
    this.router = router;
    this.counts = counts;
    this.series = series;
  }

  @Override
  public void record(RecordRequest request, StreamObserver<RecordResponse> call) {
    Deadline deadline = Context.current().getDeadline();
    Calls.answer(
        call, rows.record(request, deadline == null ? Deadline.after(1, TimeUnit.DAYS) : deadline));
  }

  @Override
  public StreamObserver<RecordStreamRequest> recordStream(
      StreamObserver<RecordStreamResponse> call) {
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
