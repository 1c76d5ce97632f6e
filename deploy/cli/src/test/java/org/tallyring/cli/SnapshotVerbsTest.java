package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.cli.failure.ExitCode;

/** The verbs about snapshots, and the file between an export and a restore. */
final class SnapshotVerbsTest {

  private final FakeSnapshots cluster = FakeSnapshots.start();

  @TempDir private Path directory;

  @AfterEach
  void stop() {
    cluster.close();
  }

  private Shell.Outcome run(String... arguments) {
    List<String> all = new ArrayList<>(List.of("snapshot"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--server", cluster.address()));
    return new Shell().run(all.toArray(String[]::new));
  }

  private String file() {
    return directory.resolve("monday.tally").toString();
  }

  private Path exported() {
    cluster.keep("monday", "shop", true, "a", "b");
    Shell.Outcome export = run("export", "monday", "--to", file());
    assertThat(export.exitCode()).as(export.err()).isEqualTo(ExitCode.DONE);
    return Path.of(file());
  }

  @Test
  void aSnapshotIsMadeListedAndDeleted() {
    Shell.Outcome made = run("create", "monday", "--namespace", "shop", "--output", "tsv");
    assertThat(made.exitCode()).as(made.err()).isEqualTo(ExitCode.DONE);
    assertThat(made.out()).isEqualTo("monday\tshop\t2001-09-09T01:46:40Z\t2\t3\t40\ttrue\n");
    cluster.keep("tuesday", "shop", false);

    assertThat(run("list").outLines())
        .containsExactly(
            "NAME     NAMESPACE  CREATED               RANGES  KEYS  BYTES  COMPLETE",
            "monday   shop       2001-09-09T01:46:40Z       2     3     40  yes",
            "tuesday  shop       2001-09-09T01:46:40Z       2     3     40  -");

    assertThat(run("delete", "monday").out()).isEqualTo("deleted monday\n");
    assertThat(run("list", "--output", "tsv").outLines()).hasSize(1);
    assertThat(cluster.calls()).containsExactly("create monday of shop", "delete monday");
  }

  @Test
  void aFileIsWhatWasExportedAndLeavesNoSnapshotBehindWhenItIsRestored() throws IOException {
    Path file = exported();
    run("delete", "monday");

    Shell.Outcome restore =
        run("restore", file.toString(), "--namespace", "then", "--output", "json");

    assertThat(restore.exitCode()).as(restore.err()).isEqualTo(ExitCode.DONE);
    assertThat(restore.out())
        .isEqualTo(
            "{\"restored\":[{\"namespace\":\"then\",\"source\":\"%s\",\"keys\":3}]}\n"
                .formatted(file));
    assertThat(cluster.calls()).element(1).isEqualTo("import of [header of monday, a, b]");
    assertThat(cluster.calls()).element(2).isEqualTo("restore 3 blocks into then");
    assertThat(run("list", "--output", "tsv").out()).isEmpty();
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void aSnapshotIsRestoredIntoWhatItIsOf() {
    cluster.keep("monday", "shop", true, "a");
    assertThat(run("restore", "monday", "--output", "tsv").out()).isEqualTo("shop\tmonday\t3\n");
    assertThat(cluster.calls()).containsExactly("restore 2 blocks into shop");
  }

  @Test
  void aFileThatIsStoredAlreadyIsNotSentAgain() throws IOException {
    Path file = exported();
    run("restore", file.toString());
    String stored = cluster.calls().get(cluster.calls().size() - 1).replace("delete ", "");
    cluster.keep(stored, "shop", true, "a", "b");
    int before = cluster.calls().size();

    assertThat(run("restore", file.toString()).exitCode()).isEqualTo(ExitCode.DONE);

    assertThat(cluster.calls().subList(before, cluster.calls().size()))
        .containsExactly("restore 3 blocks into shop", "delete " + stored);
  }

  @Test
  void aDamagedFileIsRefusedBeforeAnythingIsSent() throws IOException {
    Path file = exported();
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);

    Shell.Outcome restore = run("restore", file.toString());

    assertThat(restore.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(restore.err()).contains(file.toString());
    assertThat(cluster.calls()).isEmpty();
  }

  @Test
  void anExportReplacesNoFileAndOneThatFailsLeavesNone() throws IOException {
    Path file = exported();
    byte[] before = Files.readAllBytes(file);
    Shell.Outcome again = run("export", "monday", "--to", file());
    assertThat(again.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(again.err()).contains("exists (expected: a new file)");
    assertThat(file).hasBinaryContent(before);

    Files.delete(file);
    cluster.breakOffExports();
    Shell.Outcome broken = run("export", "monday", "--to", file());
    assertThat(broken.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(broken.err()).contains("part 1: damaged");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void whatIsRefusedSaysWhy() {
    cluster.keep("monday", "shop", true, "a");
    Shell.Outcome exists = run("create", "monday", "--namespace", "shop");
    assertThat(exists.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(exists.err()).contains("snapshot: monday (expected: a new name)");
    for (String[] unknown :
        new String[][] {
          {"delete", "sunday"}, {"restore", "sunday"}, {"export", "sunday", "--to", file()}
        }) {
      Shell.Outcome refused = run(unknown);
      assertThat(refused.exitCode()).as("%s", (Object) unknown).isEqualTo(ExitCode.FAILED);
      assertThat(refused.err()).contains("snapshot: sunday (expected: one of [monday])");
    }
    assertThat(run("restore", "./none.tally").err()).contains("./none.tally: no such file");
    for (String[] wrong :
        new String[][] {
          {"create"},
          {"create", "No Name"},
          {"create", "a", "b"},
          {"export", "monday"},
          {"restore", "monday", "--namespace", "No Name"},
          {"delete", "No Name"},
          {"undo"}
        }) {
      assertThat(run(wrong).exitCode()).as("%s", (Object) wrong).isEqualTo(ExitCode.WRONG_USAGE);
    }
  }
}
