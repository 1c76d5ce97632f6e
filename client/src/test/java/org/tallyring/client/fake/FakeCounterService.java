package org.tallyring.client.fake;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.tallyring.client.fake.FakeLedger.Row;
import org.tallyring.client.fake.FakeLedger.Verdict;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.AnswerLabel;
import org.tallyring.proto.v1.CounterServiceGrpc;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.GetCountsRequest;
import org.tallyring.proto.v1.GetCountsResponse;
import org.tallyring.proto.v1.GetSeriesRequest;
import org.tallyring.proto.v1.GetSeriesResponse;
import org.tallyring.proto.v1.KeyCount;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.proto.v1.RecordStreamRequest;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.proto.v1.SeriesPoint;

/**
 * What a shard of a {@link FakeCluster} serves. Keys that begin with "bad" and the metric "unknown"
 * are refused, as are batches of ranges owned elsewhere; then the sequence rules apply, and those
 * of event ids, which are never forgotten.
 */
final class FakeCounterService extends CounterServiceGrpc.CounterServiceImplBase {

  private final FakeCluster cluster;
  private final int shard;

  FakeCounterService(FakeCluster cluster, int shard) {
    this.cluster = cluster;
    this.shard = shard;
  }

  @Override
  public StreamObserver<RecordStreamRequest> recordStream(
      StreamObserver<RecordStreamResponse> answers) {
    ServerCallStreamObserver<RecordStreamResponse> call =
        (ServerCallStreamObserver<RecordStreamResponse>) answers;
    cluster.opened(shard, answers);
    call.setOnCancelHandler(() -> cluster.ended(shard, answers));
    return new StreamObserver<>() {
      private long earliest = cluster.loop.nanoTime();

      @Override
      public void onNext(RecordStreamRequest request) {
        // Batches of a stream are looked at in order, however long each takes.
        earliest = Math.max(earliest, cluster.loop.nanoTime() + cluster.delays.get().toNanos());
        cluster.loop.schedule(
            () -> handle(request, answers), Duration.ofNanos(earliest - cluster.loop.nanoTime()));
      }

      @Override
      public void onError(Throwable failure) {
        cluster.ended(shard, answers);
      }

      @Override
      public void onCompleted() {
        if (cluster.ended(shard, answers)) {
          answers.onCompleted();
        }
      }
    };
  }

  @Override
  public void getCounts(GetCountsRequest request, StreamObserver<GetCountsResponse> answer) {
    GetCountsResponse.Builder response =
        GetCountsResponse.newBuilder()
            .setLabel(
                AnswerLabel.newBuilder()
                    .setWindow(request.getWindow().getWindow())
                    .setExact(true)
                    .setRangesTotal(1)
                    .setRangesIncluded(1));
    List<Row> rows = cluster.rows();
    request
        .getKeysList()
        .forEach(
            key ->
                response.addCounts(
                    KeyCount.newBuilder()
                        .setKey(key)
                        .setCount(
                            rows.stream()
                                .filter(row -> row.metric().equals(request.getMetric()))
                                .filter(row -> row.key().equals(key.toStringUtf8()))
                                .mapToLong(Row::delta)
                                .sum())));
    answer.onNext(response.build());
    answer.onCompleted();
  }

  /** A point for the start and one for the end, as if everything had happened at the start. */
  @Override
  public void getSeries(GetSeriesRequest request, StreamObserver<GetSeriesResponse> answer) {
    long count =
        cluster.rows().stream()
            .filter(row -> row.metric().equals(request.getMetric()))
            .filter(row -> row.key().equals(request.getKey().toStringUtf8()))
            .mapToLong(Row::delta)
            .sum();
    answer.onNext(
        GetSeriesResponse.newBuilder()
            .setLabel(AnswerLabel.newBuilder().setWindow(request.getStep()).setExact(true))
            .addPoints(
                SeriesPoint.newBuilder().setStartTime(request.getStartTime()).setCount(count))
            .addPoints(SeriesPoint.newBuilder().setStartTime(request.getEndTime()))
            .build());
    answer.onCompleted();
  }

  private void handle(RecordStreamRequest request, StreamObserver<RecordStreamResponse> answers) {
    synchronized (cluster) {
      // A shard that was cut off still looks at what it has received.
      Fault fault = cluster.faults.apply(request);
      RecordStreamResponse response =
          switch (fault) {
            case NONE, CUT_AFTER, ANSWER_LOST -> process(request);
            case OVERLOADED ->
                refused(
                    request, Status.Code.RESOURCE_EXHAUSTED, ErrorReason.ERROR_REASON_OVERLOADED);
            case IN_HANDOFF ->
                answer(request, Outcome.OUTCOME_REFUSED)
                    .setError(
                        Errors.toProto(
                            Errors.retryable(
                                Status.Code.UNAVAILABLE,
                                ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
                                "refused by the test",
                                Duration.ofMillis(50))))
                    .build();
            case IN_DOUBT_APPLIED -> {
              RecordStreamResponse real = process(request);
              yield real.getOutcome() == Outcome.OUTCOME_APPLIED ? inDoubt(request) : real;
            }
            case IN_DOUBT_LOST -> inDoubt(request);
            case CUT_BEFORE, CUT_AND_LATE -> RecordStreamResponse.getDefaultInstance();
          };
      switch (fault) {
        case CUT_BEFORE, CUT_AFTER -> cluster.cut(shard);
        case CUT_AND_LATE -> {
          cluster.cut(shard);
          cluster.loop.schedule(() -> process(request), Duration.ofMillis(300));
        }
        case ANSWER_LOST -> {}
        default -> {
          if (cluster.isOpen(shard, answers)) {
            answers.onNext(response);
            noteAnswered(response);
          }
        }
      }
    }
  }

  private void noteAnswered(RecordStreamResponse response) {
    boolean settled =
        response.getOutcome() == Outcome.OUTCOME_APPLIED
            || response.getOutcome() == Outcome.OUTCOME_DUPLICATE;
    if (settled && response.getSequence() == 1) {
      cluster
          .ledger(response.getRangeId())
          .firstAnswered(response.getSessionId(), cluster.loop.nanoTime());
    }
  }

  private RecordStreamResponse process(RecordStreamRequest request) {
    synchronized (cluster) {
      RecordBatch batch = request.getBatch();
      if (!cluster.owns(shard, batch.getRangeId())) {
        Map<String, String> metadata =
            cluster.hints ? cluster.ownerOf(batch.getRangeId()) : Map.of();
        return answer(request, Outcome.OUTCOME_REFUSED)
            .setError(
                Errors.toProto(
                    Errors.of(
                        Status.Code.ABORTED,
                        ErrorReason.ERROR_REASON_NOT_OWNER,
                        "not the owner",
                        metadata)))
            .build();
      }
      FakeLedger ledger = cluster.ledger(batch.getRangeId());
      if (ledger.check(request.getSessionId(), batch.getSequence()) == Verdict.APPLIED) {
        if (batch.getMetricsList().contains("unknown")) {
          return refused(request, Status.Code.NOT_FOUND, ErrorReason.ERROR_REASON_METRIC_NOT_FOUND);
        }
        RecordStreamResponse invalid = invalidRows(request);
        if (invalid.getInvalidRowsCount() > 0) {
          return invalid;
        }
        if (!ledger.conflicts(batch).isEmpty()) {
          return refused(
                  request, Status.Code.ALREADY_EXISTS, ErrorReason.ERROR_REASON_EVENT_ID_CONFLICT)
              .toBuilder()
              .addAllInvalidRows(ledger.conflicts(batch))
              .build();
        }
      }
      List<Integer> duplicateRows = ledger.duplicateRows(batch);
      return switch (ledger.apply(request.getSessionId(), batch)) {
        case APPLIED ->
            answer(request, Outcome.OUTCOME_APPLIED).addAllDuplicateRows(duplicateRows).build();
        case DUPLICATE -> answer(request, Outcome.OUTCOME_DUPLICATE).build();
        case GAP ->
            refused(
                request, Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_SEQUENCE_GAP);
        case EXPIRED ->
            refused(
                request, Status.Code.FAILED_PRECONDITION, ErrorReason.ERROR_REASON_SESSION_EXPIRED);
      };
    }
  }

  private static RecordStreamResponse invalidRows(RecordStreamRequest request) {
    RecordStreamResponse.Builder answer = answer(request, Outcome.OUTCOME_REFUSED);
    BadRequest.Builder violations = BadRequest.newBuilder();
    List<Row> rows = FakeLedger.rows(request.getBatch());
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).key().startsWith("bad")) {
        answer.addInvalidRows(i);
        violations.addFieldViolations(
            BadRequest.FieldViolation.newBuilder()
                .setField("rows[" + i + "].key")
                .setDescription("key: " + rows.get(i).key() + " (expected: a good one)"));
      }
    }
    return answer
        .setError(
            Errors.toProto(
                    Errors.of(
                        Status.Code.INVALID_ARGUMENT,
                        ErrorReason.ERROR_REASON_BAD_KEY,
                        "some rows are not valid"))
                .toBuilder()
                .addDetails(Any.pack(violations.build())))
        .build();
  }

  private static RecordStreamResponse inDoubt(RecordStreamRequest request) {
    return answer(request, Outcome.OUTCOME_IN_DOUBT)
        .setError(
            Errors.toProto(
                Errors.of(Status.Code.UNAVAILABLE, ErrorReason.ERROR_REASON_IN_DOUBT, "in doubt")))
        .build();
  }

  private static RecordStreamResponse refused(
      RecordStreamRequest request, Status.Code code, ErrorReason reason) {
    return answer(request, Outcome.OUTCOME_REFUSED)
        .setError(Errors.toProto(Errors.of(code, reason, "refused by the test")))
        .build();
  }

  private static RecordStreamResponse.Builder answer(RecordStreamRequest request, Outcome outcome) {
    return RecordStreamResponse.newBuilder()
        .setSessionId(request.getSessionId())
        .setRangeId(request.getBatch().getRangeId())
        .setSequence(request.getBatch().getSequence())
        .setOutcome(outcome);
  }
}
