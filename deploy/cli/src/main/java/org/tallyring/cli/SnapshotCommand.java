package org.tallyring.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.output.TaskProgress;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.cli.snapshot.SnapshotFile;
import org.tallyring.cli.snapshot.SnapshotFileWriter;
import org.tallyring.proto.v1.AdminServiceGrpc;
import org.tallyring.proto.v1.CreateSnapshotRequest;
import org.tallyring.proto.v1.CreateSnapshotResponse;
import org.tallyring.proto.v1.DeleteSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotRequest;
import org.tallyring.proto.v1.ExportSnapshotResponse;
import org.tallyring.proto.v1.ListSnapshotsRequest;
import org.tallyring.proto.v1.RestoreSnapshotRequest;
import org.tallyring.proto.v1.RestoreSnapshotResponse;
import org.tallyring.proto.v1.SnapshotInfo;
import org.tallyring.topology.name.NameRules;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Named snapshots: create, list, export, restore, delete. */
@Command(
    name = "snapshot",
    description = "Makes, shows, exports, restores and deletes snapshots of namespaces.",
    footer = {
      "",
      "Examples:",
      "  tally snapshot create before-the-sale --namespace shop",
      "  tally snapshot export before-the-sale --to shop.tally",
      "  tally snapshot restore ./shop.tally --namespace shop-then"
    })
final class SnapshotCommand {

  private SnapshotCommand() {}

  static CommandLine commandLine(Console console) {
    return new CommandLine(new SnapshotCommand())
        .addSubcommand(new Create(console))
        .addSubcommand(new ListAll(console))
        .addSubcommand(new Export(console))
        .addSubcommand(new Restore(console))
        .addSubcommand(new Delete(console));
  }

  private static void print(Console console, OutputOption output, List<SnapshotInfo> snapshots) {
    Listing listing =
        new Listing(
            "snapshots", "name", "namespace", "created", "ranges", "keys", "bytes", "complete");
    for (SnapshotInfo snapshot : snapshots) {
      listing.add(
          snapshot.getName(),
          snapshot.getNamespace(),
          Instant.ofEpochMilli(snapshot.getCreatedAtMillis()),
          snapshot.getRanges(),
          snapshot.getKeys(),
          snapshot.getBytes(),
          snapshot.getComplete());
    }
    listing.print(output.format(), console.out());
  }

  private static TaskProgress progress(Console console, String task) {
    return TaskProgress.of(task, "", console.terminal().err(), System.err);
  }

  @Command(
      name = "create",
      description = {
        "Makes a snapshot of a namespace, while it is written to.",
        "Each range is cut at one place of its journal."
      },
      footer = {"", "Examples:", "  tally snapshot create monday --namespace shop"})
  private static final class Create extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Create(Console console) {
      super(console);
    }

    @Override
    void run() {
      CreateSnapshotRequest request =
          CreateSnapshotRequest.newBuilder()
              .setName(Names.checked("name", name))
              .setNamespace(namespace.name())
              .build();
      CreateSnapshotResponse[] last = {CreateSnapshotResponse.getDefaultInstance()};
      try (ServerConnection connection = server.connection();
          TaskProgress progress = progress(console, "snapshot")) {
        connection.read(
            () -> AdminServiceGrpc.newBlockingStub(connection.channel()).createSnapshot(request),
            response -> {
              progress.at(response.getRangesDone(), response.getRangesTotal());
              last[0] = response;
            });
      }
      print(console, output, List.of(last[0].getSnapshot()));
    }
  }

  @Command(
      name = "list",
      description =
          "Shows all snapshots. One that is not complete was interrupted, or is being made.",
      footer = {"", "Examples:", "  tally snapshot list --output tsv"})
  private static final class ListAll extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    ListAll(Console console) {
      super(console);
    }

    @Override
    void run() {
      ListSnapshotsRequest request = ListSnapshotsRequest.getDefaultInstance();
      print(console, output, ask(stub -> stub.listSnapshots(request)).getSnapshotsList());
    }
  }

  @Command(
      name = "export",
      description = "Writes a snapshot to a file with checksums, which any cluster can restore.",
      footer = {"", "Examples:", "  tally snapshot export monday --to monday.tally"})
  private static final class Export extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The snapshot's name.")
    private String name = "";

    @Option(
        names = "--to",
        paramLabel = "FILE",
        required = true,
        description = "Where to write it. It must not exist.")
    private Path to = Path.of("");

    Export(Console console) {
      super(console);
    }

    @Override
    void run() {
      ExportSnapshotRequest request =
          ExportSnapshotRequest.newBuilder().setName(Names.checked("name", name)).build();
      try (SnapshotFileWriter file = SnapshotFileWriter.create(to)) {
        try (ServerConnection connection = server.connection();
            TaskProgress progress = progress(console, "export")) {
          connection.read(
              () -> AdminServiceGrpc.newBlockingStub(connection.channel()).exportSnapshot(request),
              response -> {
                write(file, response);
                progress.at(response.getPartsDone(), response.getPartsTotal());
              });
        }
        file.finish();
        Listing listing = new Listing("files", "snapshot", "file", "bytes");
        listing.add(name, to.toString(), Files.size(to));
        listing.print(output.format(), console.out());
      } catch (FileAlreadyExistsException e) {
        throw CliException.failed("--to: " + to + " exists (expected: a new file)", e);
      } catch (IOException | UncheckedIOException e) {
        throw CliException.failed("--to: " + to + ": " + reason(e), e);
      }
    }

    private static void write(SnapshotFileWriter file, ExportSnapshotResponse response) {
      try {
        file.write(response.getBlock());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static String reason(Exception e) {
    Throwable cause = e instanceof UncheckedIOException && e.getCause() != null ? e.getCause() : e;
    return cause instanceof NoSuchFileException
        ? "no such file or directory (expected: one)"
        : cause.getClass().getSimpleName() + " " + cause.getMessage();
  }

  @Command(
      name = "restore",
      description = {
        "Makes a namespace what a snapshot says, whole or not at all, while others are served.",
        "A namespace that does not exist is created; one that does must have the same metrics,",
        "and what was counted in it since is gone. It can be repeated when it was interrupted.",
        "What is no name is a file: write ./monday for one whose name could be a snapshot's."
      },
      footer = {
        "",
        "Examples:",
        "  tally snapshot restore monday",
        "  tally snapshot restore monday.tally --namespace shop-on-monday"
      })
  private static final class Restore extends AdminVerb {
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(
        paramLabel = "NAME|FILE",
        description = "The snapshot's name, or a file of `tally snapshot export`.")
    private String source = "";

    @Option(
        names = "--namespace",
        paramLabel = "NAME",
        description = "Restore into this one. Default: the one that the snapshot is of.")
    private @Nullable String namespace;

    Restore(Console console) {
      super(console);
    }

    @Override
    void run() {
      String into = namespace == null ? "" : Names.checked("--namespace", namespace);
      if (NameRules.violation("name", source) == null) {
        restore(source, into);
        return;
      }
      SnapshotFile file = checkedFile();
      String name = "file-%08x".formatted(file.crc32c());
      if (!isStored(name)) {
        store(file, name);
      }
      restore(name, into);
      ask(stub -> stub.deleteSnapshot(DeleteSnapshotRequest.newBuilder().setName(name).build()));
    }

    private SnapshotFile checkedFile() {
      try {
        return SnapshotFile.check(Path.of(source));
      } catch (SnapshotFile.DamagedFileException e) {
        throw CliException.failed(String.valueOf(e.getMessage()), e);
      } catch (InvalidPathException | IOException e) {
        throw CliException.failed(source + ": " + reason(e), e);
      }
    }

    /** An earlier restore of the same file may have been interrupted. */
    private boolean isStored(String name) {
      return ask(stub -> stub.listSnapshots(ListSnapshotsRequest.getDefaultInstance()))
          .getSnapshotsList()
          .stream()
          .anyMatch(snapshot -> snapshot.getName().equals(name) && snapshot.getComplete());
    }

    private void store(SnapshotFile file, String name) {
      try (ServerConnection connection = server.connection();
          TaskProgress progress = progress(console, "upload")) {
        new SnapshotUpload(connection, name, file, progress).run();
      } catch (IOException e) {
        throw CliException.failed(source + ": " + reason(e), e);
      }
    }

    private void restore(String name, String into) {
      RestoreSnapshotRequest request =
          RestoreSnapshotRequest.newBuilder().setName(name).setNamespace(into).build();
      RestoreSnapshotResponse[] last = {RestoreSnapshotResponse.getDefaultInstance()};
      try (ServerConnection connection = server.connection();
          TaskProgress progress = progress(console, "restore")) {
        connection.read(
            () -> AdminServiceGrpc.newBlockingStub(connection.channel()).restoreSnapshot(request),
            response -> {
              progress.at(response.getPartsDone(), response.getPartsTotal());
              last[0] = response;
            });
      }
      Listing listing = new Listing("restored", "namespace", "source", "keys");
      listing.add(last[0].getNamespace(), source, last[0].getKeys());
      listing.print(output.format(), console.out());
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a snapshot. Namespaces restored from it stay.",
      footer = {"", "Examples:", "  tally snapshot delete monday"})
  private static final class Delete extends AdminVerb {

    @Parameters(paramLabel = "NAME", description = "Its name.")
    private String name = "";

    Delete(Console console) {
      super(console);
    }

    @Override
    void run() {
      DeleteSnapshotRequest request =
          DeleteSnapshotRequest.newBuilder().setName(Names.checked("name", name)).build();
      ask(stub -> stub.deleteSnapshot(request));
      sayDeleted(name);
    }
  }
}
