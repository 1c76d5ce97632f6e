package org.tallyring.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tallyring.proto.error.Errors;
import org.tallyring.proto.internal.v1.PortableBlock;
import org.tallyring.proto.internal.v1.PortableChunk;
import org.tallyring.proto.internal.v1.PortableHeader;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.DeleteSnapshotRequest;
import org.tallyring.proto.v1.DeleteSnapshotResponse;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotResponse;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;
import org.tallyring.proto.v1.ListSnapshotsRequest;
import org.tallyring.proto.v1.ListSnapshotsResponse;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.proto.v1.SnapshotInfo;

/** A cluster that can do nothing but keep snapshots, as blocks of text. */
final class FakeSnapshots implements AutoCloseable {

  private static final long KEYS = 3;

  private record Kept(SnapshotInfo info, List<ByteString> blocks) {}

  private final Map<String, Kept> kept = new TreeMap<>();
  private final List<String> calls = new ArrayList<>();
  private boolean breakOffExports;
  private final Server server;

  private FakeSnapshots() {
    try {
      server =
          Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
              .addService(new Admin())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static FakeSnapshots start() {
    return new FakeSnapshots();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Keeps a snapshot of a header and these chunks. */
  synchronized void keep(String name, String namespace, boolean complete, String... chunks) {
    List<ByteString> blocks = new ArrayList<>();
    PortableHeader.Builder header = PortableHeader.newBuilder().setFormat(1).setName(name);
    for (int part = 0; part < chunks.length; part++) {
      header.addPartKeys(1);
      blocks.add(
          PortableBlock.newBuilder()
              .setChunk(
                  PortableChunk.newBuilder()
                      .setPart(part)
                      .setPieces(ByteString.copyFromUtf8(chunks[part])))
              .build()
              .toByteString());
    }
    blocks.add(0, PortableBlock.newBuilder().setHeader(header).build().toByteString());
    kept.put(name, new Kept(info(name, namespace).setComplete(complete).build(), blocks));
  }

  private static String text(ByteString block) {
    try {
      PortableBlock parsed = PortableBlock.parseFrom(block);
      return parsed.hasHeader()
          ? "header of " + parsed.getHeader().getName()
          : parsed.getChunk().getPieces().toStringUtf8();
    } catch (InvalidProtocolBufferException e) {
      return "no block";
    }
  }

  /** From now on an export ends with an error after its first block. */
  synchronized void breakOffExports() {
    breakOffExports = true;
  }

  /** The calls that change something, oldest first. */
  synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  private static SnapshotInfo.Builder info(String name, String namespace) {
    return SnapshotInfo.newBuilder()
        .setName(name)
        .setNamespace(namespace)
        .setCreatedAtMillis(1_000_000_000_000L)
        .setRanges(2)
        .setKeys(KEYS)
        .setBytes(40);
  }

  private Kept find(String name) {
    Kept found = kept.get(name);
    if (found == null) {
      throw Errors.of(
          Status.Code.NOT_FOUND,
          ErrorReason.ERROR_REASON_SNAPSHOT_NOT_FOUND,
          "snapshot: " + name + " (expected: one of " + kept.keySet() + ")");
    }
    return found;
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Admin extends AdminServiceGrpc.AdminServiceImplBase {

    @Override
    public void createSnapshot(
        CreateSnapshotRequest request, StreamObserver<CreateSnapshotResponse> observer) {
      synchronized (FakeSnapshots.this) {
        calls.add("create " + request.getName() + " of " + request.getNamespace());
        if (kept.containsKey(request.getName())) {
          observer.onError(
              Errors.of(
                  Status.Code.ALREADY_EXISTS,
                  ErrorReason.ERROR_REASON_SNAPSHOT_EXISTS,
                  "snapshot: " + request.getName() + " (expected: a new name)"));
          return;
        }
        keep(request.getName(), request.getNamespace(), true, "a", "b");
        CreateSnapshotResponse.Builder progress =
            CreateSnapshotResponse.newBuilder().setRangesTotal(2);
        observer.onNext(progress.setRangesDone(1).build());
        observer.onNext(
            progress.setRangesDone(2).setSnapshot(find(request.getName()).info()).build());
        observer.onCompleted();
      }
    }

    @Override
    public void listSnapshots(
        ListSnapshotsRequest request, StreamObserver<ListSnapshotsResponse> observer) {
      synchronized (FakeSnapshots.this) {
        ListSnapshotsResponse.Builder all = ListSnapshotsResponse.newBuilder();
        kept.values().forEach(snapshot -> all.addSnapshots(snapshot.info()));
        observer.onNext(all.build());
        observer.onCompleted();
      }
    }

    @Override
    public void deleteSnapshot(
        DeleteSnapshotRequest request, StreamObserver<DeleteSnapshotResponse> observer) {
      synchronized (FakeSnapshots.this) {
        calls.add("delete " + request.getName());
        try {
          kept.remove(find(request.getName()).info().getName());
          observer.onNext(DeleteSnapshotResponse.getDefaultInstance());
          observer.onCompleted();
        } catch (StatusRuntimeException unknown) {
          observer.onError(unknown);
        }
      }
    }

    @Override
    public void exportSnapshot(
        ExportSnapshotRequest request, StreamObserver<ExportSnapshotResponse> observer) {
      synchronized (FakeSnapshots.this) {
        try {
          for (ByteString block : find(request.getName()).blocks()) {
            observer.onNext(
                ExportSnapshotResponse.newBuilder().setBlock(block).setPartsTotal(2).build());
            if (breakOffExports) {
              throw Errors.of(
                  Status.Code.DATA_LOSS,
                  ErrorReason.ERROR_REASON_BAD_SNAPSHOT,
                  "part 1: damaged (expected: what was stored)");
            }
          }
          observer.onCompleted();
        } catch (StatusRuntimeException failed) {
          observer.onError(failed);
        }
      }
    }

    @Override
    public StreamObserver<ImportSnapshotRequest> importSnapshot(
        StreamObserver<ImportSnapshotResponse> observer) {
      List<ByteString> blocks = new ArrayList<>();
      String[] name = {""};
      return new StreamObserver<>() {
        @Override
        public void onNext(ImportSnapshotRequest request) {
          blocks.add(request.getBlock());
          name[0] = blocks.size() == 1 ? request.getName() : name[0];
          if (request.getLast()) {
            synchronized (FakeSnapshots.this) {
              calls.add("import of " + blocks.stream().map(FakeSnapshots::text).toList());
              kept.put(name[0], new Kept(info(name[0], "shop").setComplete(true).build(), blocks));
            }
          }
          observer.onNext(ImportSnapshotResponse.newBuilder().setBlocks(blocks.size()).build());
        }

        @Override
        public void onError(Throwable failure) {
          // The client has gone.
        }

        @Override
        public void onCompleted() {
          observer.onCompleted();
        }
      };
    }

    @Override
    public void restoreSnapshot(
        RestoreSnapshotRequest request, StreamObserver<RestoreSnapshotResponse> observer) {
      synchronized (FakeSnapshots.this) {
        try {
          String into =
              request.getNamespace().isEmpty()
                  ? find(request.getName()).info().getNamespace()
                  : request.getNamespace();
          calls.add("restore " + find(request.getName()).blocks().size() + " blocks into " + into);
          observer.onNext(
              RestoreSnapshotResponse.newBuilder().setPartsDone(1).setPartsTotal(2).build());
          observer.onNext(
              RestoreSnapshotResponse.newBuilder()
                  .setPartsDone(2)
                  .setPartsTotal(2)
                  .setNamespace(into)
                  .setKeys(KEYS)
                  .build());
          observer.onCompleted();
        } catch (StatusRuntimeException unknown) {
          observer.onError(unknown);
        }
      }
    }
  }
}
