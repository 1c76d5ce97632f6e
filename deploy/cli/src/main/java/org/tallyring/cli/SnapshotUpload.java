package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.io.IOException;
import org.tallyring.cli.output.TaskProgress;
import org.tallyring.cli.server.Exchange;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.cli.snapshot.SnapshotFile;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.ImportSnapshotRequest;
import org.tallyring.proto.v1.ImportSnapshotResponse;

/** Sends a file's blocks to the cluster, which stores them as a snapshot. */
final class SnapshotUpload {

  private final Exchange<ImportSnapshotRequest, ImportSnapshotResponse> exchange;
  private final String name;
  private final SnapshotFile file;
  private final TaskProgress progress;
  private long sent;

  SnapshotUpload(
      ServerConnection connection, String name, SnapshotFile file, TaskProgress progress) {
    this.exchange =
        connection.exchange(
            answers -> AdminServiceGrpc.newStub(connection.channel()).importSnapshot(answers));
    this.name = name;
    this.file = file;
    this.progress = progress;
  }

  /** Sends all of them. */
  void run() throws IOException {
    file.forEach(this::send);
    exchange.end();
  }

  private void send(ByteString block) {
    sent++;
    exchange.ask(
        ImportSnapshotRequest.newBuilder()
            .setName(name)
            .setBlock(block)
            .setLast(sent == file.blocks())
            .build());
    progress.at(sent, file.blocks());
  }
}
