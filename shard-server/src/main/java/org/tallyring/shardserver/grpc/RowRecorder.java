package org.tallyring.shardserver.grpc;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordRequest;
import org.tallyring.proto.v1.RecordResponse;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.engine.BatchColumns;
import org.tallyring.shardserver.engine.BatchValidator;
import org.tallyring.shardserver.engine.BatchViolation;
import org.tallyring.shardserver.engine.RowViolation;
import org.tallyring.shardserver.grpc.RowBatches.RangeBatch;
import org.tallyring.topology.range.RangeTable;

/**
 * Records increments given row by row.
 *
 * <p>The request id is the session of which the parts of the request in a range are the only
 * batches, sent one after the other: what makes retries of streams exactly-once makes the retry of
 * a request so, too. While the deadline lasts, parts that were definitely not applied are tried
 * again here; those in doubt only when there is a request id.
 *
 * <p>All parts are validated before the first is sent, so an invalid increment changes nothing.
 */
final class RowRecorder {

  private static final int MAX_INCREMENTS = 10_000;
  private static final int REQUEST_ID_BYTES = 16;
  private static final long DEFAULT_DEADLINE_SECONDS = 10;
  private static final long RETRY_MILLIS = 50;

  /** Refusals that pass by themselves. */
  private static final Set<ErrorReason> PASSING =
      EnumSet.of(
          ErrorReason.ERROR_REASON_NOT_OWNER,
          ErrorReason.ERROR_REASON_RANGE_IN_HANDOFF,
          ErrorReason.ERROR_REASON_RANGE_UNAVAILABLE);

  private final RangeTable table;
  private final BatchRouter router;
  private final NamespaceDirectory namespaces;
  private final InstantSource clock;
  private final ScheduledExecutorService scheduler;

  RowRecorder(
      RangeTable table,
      BatchRouter router,
      NamespaceDirectory namespaces,
      InstantSource clock,
      ScheduledExecutorService scheduler) {
    this.table = table;
    this.router = router;
    this.namespaces = namespaces;
    this.clock = clock;
    this.scheduler = scheduler;
  }

  CompletableFuture<RecordResponse> record(RecordRequest request, Deadline callDeadline) {
    int count = request.getIncrementsCount();
    if (count == 0 || count > MAX_INCREMENTS) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SIZE,
          "increments",
          "increments: " + count + " (expected: 1.." + MAX_INCREMENTS + ")");
    }
    ByteString requestId = request.getRequestId();
    if (!requestId.isEmpty() && requestId.size() != REQUEST_ID_BYTES) {
      throw Errors.invalid(
          ErrorReason.ERROR_REASON_BAD_SESSION,
          "request_id",
          "request_id: " + requestId.size() + " bytes (expected: 16, or none)");
    }
    Deadline deadline =
        callDeadline.minimum(Deadline.after(DEFAULT_DEADLINE_SECONDS, TimeUnit.SECONDS));
    Set<String> metrics = new HashSet<>();
    request.getIncrementsList().forEach(increment -> metrics.add(increment.getMetric()));
    return namespaces
        .find(request.getNamespace(), metrics)
        .thenCompose(namespace -> record(request, namespace, deadline));
  }

  private CompletableFuture<RecordResponse> record(
      RecordRequest request, NamespaceDefinition namespace, Deadline deadline) {
    long now = clock.millis();
    List<RangeBatch> parts =
        RowBatches.of(namespace.getName(), request.getIncrementsList(), table, now);
    BatchValidator validator = new BatchValidator(table);
    BatchColumns columns = new BatchColumns();
    for (RangeBatch part : parts) {
      BatchViolation violation = validator.validate(part.batch().bytes(), columns, namespace, now);
      if (violation != null) {
        throw refusal(part, violation);
      }
    }
    Map<Integer, CompletableFuture<RecordResponse>> latest = new HashMap<>();
    List<CompletableFuture<RecordResponse>> answers = new ArrayList<>();
    for (RangeBatch part : parts) {
      int rangeId = part.batch().rangeId();
      CompletableFuture<RecordResponse> before = latest.get(rangeId);
      CompletableFuture<RecordResponse> answer =
          before == null
              ? send(request.getRequestId(), part, deadline)
              : before.thenCompose(done -> send(request.getRequestId(), part, deadline));
      latest.put(rangeId, answer);
      answers.add(answer);
    }
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              RecordResponse.Builder sum = RecordResponse.newBuilder();
              for (CompletableFuture<RecordResponse> answer : answers) {
                sum.setApplied(sum.getApplied() + answer.join().getApplied());
                sum.setDuplicate(sum.getDuplicate() + answer.join().getDuplicate());
              }
              return sum.build();
            });
  }

  private CompletableFuture<RecordResponse> send(
      ByteString requestId, RangeBatch part, Deadline deadline) {
    return router
        .route(requestId, part.batch())
        .thenCompose(response -> settle(requestId, part, deadline, response));
  }

  private CompletableFuture<RecordResponse> settle(
      ByteString requestId, RangeBatch part, Deadline deadline, RecordStreamResponse response) {
    int rows = part.rows().size();
    if (response.getOutcome() == Outcome.OUTCOME_APPLIED) {
      int duplicate = response.getDuplicateRowsCount();
      return CompletableFuture.completedFuture(
          RecordResponse.newBuilder().setApplied(rows - duplicate).setDuplicate(duplicate).build());
    }
    if (response.getOutcome() == Outcome.OUTCOME_DUPLICATE) {
      return CompletableFuture.completedFuture(
          RecordResponse.newBuilder().setDuplicate(rows).build());
    }
    boolean passing =
        response.getOutcome() == Outcome.OUTCOME_IN_DOUBT
            ? !requestId.isEmpty()
            : PASSING.contains(Errors.reasonOf(response.getError()));
    if (passing && deadline.timeRemaining(TimeUnit.MILLISECONDS) > RETRY_MILLIS) {
      Executor later = task -> scheduler.schedule(task, RETRY_MILLIS, TimeUnit.MILLISECONDS);
      return CompletableFuture.supplyAsync(() -> send(requestId, part, deadline), later)
          .thenCompose(sent -> sent);
    }
    Status error = response.getError();
    if (response.getInvalidRowsCount() > 0) {
      int increment = part.rows().get(response.getInvalidRows(0));
      throw Errors.of(
          io.grpc.Status.fromCodeValue(error.getCode()).getCode(),
          Errors.reasonOf(error),
          error
              .getMessage()
              .replace(
                  "rows[" + response.getInvalidRows(0) + "]", "increments[" + increment + "]"));
    }
    throw Errors.fromProto(error);
  }

  private static StatusRuntimeException refusal(RangeBatch part, BatchViolation violation) {
    if (violation.rows().isEmpty()) {
      return Errors.invalid(violation.reason(), violation.field(), violation.message());
    }
    RowViolation row = violation.rows().get(0);
    String from = "rows[" + row.row() + "]";
    String to = "increments[" + part.rows().get(row.row()) + "]";
    String message = row.message().replace(from, to);
    if (row.reason() == ErrorReason.ERROR_REASON_METRIC_NOT_FOUND) {
      return Errors.of(io.grpc.Status.Code.NOT_FOUND, row.reason(), message);
    }
    return Errors.invalid(row.reason(), row.field().replace(from, to), message);
  }
}
