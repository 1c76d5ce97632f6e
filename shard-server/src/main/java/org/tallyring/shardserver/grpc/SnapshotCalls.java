package org.tallyring.shardserver.grpc;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.DeleteSnapshotRequest;
import org.tallyring.proto.v1.DeleteSnapshotResponse;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotResponse;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;
import org.tallyring.proto.v1.ListSnapshotsResponse;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;

/** The calls of AdminService about snapshots, each on a thread of its own. */
final class SnapshotCalls {

  private final NamedSnapshots snapshots;
  private final SnapshotCreation creation;
  private final SnapshotRestoration restoration;
  private final Executor executor;

  /**
   * Calls about some snapshots.
   *
   * @param executor has a thread for each task
   */
  SnapshotCalls(
      NamedSnapshots snapshots,
      SnapshotCreation creation,
      SnapshotRestoration restoration,
      Executor executor) {
    this.snapshots = snapshots;
    this.creation = creation;
    this.restoration = restoration;
    this.executor = executor;
  }

  void create(CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> call) {
    run(call, paced -> creation.create(request, paced::tell));
  }

  void list(StreamObserver<ListSnapshotsResponse> call) {
    Calls.answer(
        call,
        CompletableFuture.supplyAsync(
            () -> ListSnapshotsResponse.newBuilder().addAllSnapshots(snapshots.list()).build(),
            executor));
  }

  void delete(DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> call) {
    Calls.answer(
        call,
        CompletableFuture.supplyAsync(
            () -> {
              snapshots.delete(request.getName());
              return DeleteSnapshotResponse.getDefaultInstance();
            },
            executor));
  }

  void restore(RestoreSnapshotRequest request, StreamObserver<RestoreSnapshotResponse> call) {
    run(call, paced -> restoration.restore(request, paced::tell));
  }

  void export(ExportSnapshotRequest request, StreamObserver<ExportSnapshotResponse> call) {
    run(call, paced -> new SnapshotExport(snapshots).export(request, paced));
  }

  private <T> void run(StreamObserver<T> call, Consumer<PacedCall<T>> task) {
    PacedCall<T> paced = new PacedCall<>((ServerCallStreamObserver<T>) call);
    executor.execute(
        () -> {
          try {
            task.accept(paced);
            paced.end();
          } catch (RuntimeException e) {
            paced.fail(e);
          }
        });
  }

  /** Takes one block after the other, the next one when the one before is stored. */
  StreamObserver<ImportSnapshotRequest> importBlocks(StreamObserver<ImportSnapshotResponse> call) {
    ServerCallStreamObserver<ImportSnapshotResponse> caller =
        (ServerCallStreamObserver<ImportSnapshotResponse>) call;
    PacedCall<ImportSnapshotResponse> paced = new PacedCall<>(caller);
    SnapshotImport taking = new SnapshotImport(snapshots);
    caller.disableAutoRequest();
    caller.request(1);
    return new StreamObserver<>() {
      @Override
      public void onNext(ImportSnapshotRequest block) {
        executor.execute(
            () -> {
              try {
                paced.tell(taking.take(block));
                caller.request(1);
              } catch (RuntimeException e) {
                taking.abandon();
                paced.fail(e);
              }
            });
      }

      @Override
      public void onError(Throwable gone) {
        executor.execute(taking::abandon);
      }

      @Override
      public void onCompleted() {
        executor.execute(
            () -> {
              taking.abandon();
              paced.end();
            });
      }
    };
  }
}
