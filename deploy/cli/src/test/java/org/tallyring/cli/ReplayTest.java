package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tallyring.cli.failure.ExitCode;

/** Replays through the client library, against a cluster that counts in a map. */
final class ReplayTest {

  @TempDir Path directory;

  private final FakeCluster cluster = FakeCluster.start();
  private final Shell shell = new Shell();

  @AfterEach
  void stop() {
    cluster.close();
  }

  @Test
  void aPackedFileIsRecordedAndMetricsAreMadeAsTheyAreSeen() throws IOException {
    Path file = directory.resolve("events.csv.gz");
    Files.write(
        file,
        gzip(
            "at,what,item,by\n"
                + "2012-07-04T07:00:00Z,VIEW,a,x\n"
                + "2012-07-04T07:00:01Z,COMMENT CREATED,a,y\n"
                + "2012-07-04T07:00:02Z,VIEW,\"b,c\",z\n"));

    Shell.Outcome outcome =
        replay(file, "--key item --time at --metric-column what --namespace shop --create");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.out()).isEqualTo("recorded 3, duplicate 0, rejected 0\n");
    assertThat(cluster.metrics("shop")).containsExactly("view", "comment_created");
    assertThat(cluster.count("shop", "view", "a")).isEqualTo(1);
    assertThat(cluster.count("shop", "comment_created", "a")).isEqualTo(1);
    assertThat(cluster.count("shop", "view", "b,c")).isEqualTo(1);
  }

  @Test
  void aNamespaceThatAnotherReplayMakesMeanwhileIsShared() throws IOException {
    Path file = Files.writeString(directory.resolve("f.csv"), "k\na\n");
    cluster.makeAfterListing("shop", "views");

    Shell.Outcome outcome = replay(file, "--key k --metric clicks --namespace shop --create");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(cluster.metrics("shop")).containsExactly("views", "clicks");
    assertThat(cluster.count("shop", "clicks", "a")).isEqualTo(1);
  }

  @Test
  void totalsAreOverAllFilesAndRejectedLinesAreShownByFile() throws IOException {
    Path one = Files.writeString(directory.resolve("one.csv"), "k,n\na,2\nb,0\n");
    Path two = Files.writeString(directory.resolve("two.csv"), "n,k\n3,a\n,c\nx,d\n5\n1,\n7,b\n");

    Shell.Outcome outcome = replay(one, two.toString() + " --key k --delta n");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.INPUT_REJECTED);
    assertThat(outcome.out()).isEqualTo("recorded 3, duplicate 0, rejected 5\n");
    assertThat(outcome.errLines())
        .extracting(line -> line.substring(line.lastIndexOf('/') + 1, line.indexOf(": rejected")))
        .containsExactly("one.csv:3", "two.csv:3", "two.csv:4", "two.csv:5", "two.csv:6");
    assertThat(cluster.count("default", "clicks", "a")).isEqualTo(5);
    assertThat(cluster.count("default", "clicks", "b")).isEqualTo(7);
  }

  @Test
  void whatTheClusterRefusesIsRejectedWithItsLine() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("f.tsv"), "a\t1\nfuture\t" + Long.MAX_VALUE / 1_000_000 + "\nb\t2\n");

    Shell.Outcome outcome =
        replay(file, "--format tsv --no-header --key 1 --time 2 --time-format epoch_s");

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.INPUT_REJECTED);
    assertThat(outcome.out()).isEqualTo("recorded 2, duplicate 0, rejected 1\n");
    assertThat(outcome.err()).contains("f.tsv:2: rejected: ").contains("event");
    assertThat(cluster.count("default", "clicks", "future")).isZero();
  }

  @Test
  void rowsWithAnEventIdCountOnceHoweverOftenTheFileIsReplayed() throws IOException {
    Path file = Files.writeString(directory.resolve("f.csv"), "k,id\na,e-1\nb,e-1\na,e-2\na,e-1\n");

    assertThat(replay(file, "--key k --event-id id").out())
        .isEqualTo("recorded 3, duplicate 1, rejected 0\n");
    assertThat(replay(file, "--key k --event-id 2").out())
        .isEqualTo("recorded 0, duplicate 4, rejected 0\n");
    assertThat(cluster.count("default", "clicks", "a")).isEqualTo(2);
    assertThat(cluster.count("default", "clicks", "b")).isEqualTo(1);
  }

  @Test
  void standardInputIsRead() {
    Shell.Outcome outcome =
        shell.runWithInput(
            "1 -1 2\n2\n", "replay", "-", "--format", "items", "--server", cluster.address());

    assertThat(outcome.out()).isEqualTo("recorded 3, duplicate 0, rejected 0\n");
    assertThat(cluster.count("default", "clicks", "2")).isEqualTo(2);
  }

  @Test
  void moreRowsThanFitInFlightAreAllRecorded() throws IOException {
    int rows = 300_000;
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rows; i++) {
      text.append("u key-").append(i % 1_000).append(" 134110097").append(i % 10).append(" MT\n");
    }
    Path file = Files.writeString(directory.resolve("f.txt"), text);

    Shell.Outcome outcome =
        shell.run(
            "replay",
            file.toString(),
            "--no-header",
            "--delimiter",
            " ",
            "--key",
            "2",
            "--time",
            "3",
            "--time-format",
            "epoch_s",
            "--metric-column",
            "4",
            "--create",
            "--server",
            cluster.address());

    assertThat(outcome.out()).isEqualTo("recorded 300000, duplicate 0, rejected 0\n");
    assertThat(cluster.count("default", "mt", "key-7")).isEqualTo(rows / 1_000);
  }

  @Test
  void withoutCreateWhatIsMissingIsAFailureOrARejection() throws IOException {
    Path file = Files.writeString(directory.resolve("f.csv"), "k,m\na,views\nb,clicks\n");

    assertThat(replay(file, "--key k --namespace shop").err()).contains("--create");
    assertThat(replay(file, "--key k --namespace shop").exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(replay(file, "--key k --metric views").exitCode()).isEqualTo(ExitCode.FAILED);

    Shell.Outcome outcome = replay(file, "--key k --metric-column m");
    assertThat(outcome.exitCode()).isEqualTo(ExitCode.INPUT_REJECTED);
    assertThat(outcome.out()).isEqualTo("recorded 1, duplicate 0, rejected 1\n");
    assertThat(cluster.metrics("default")).containsExactly("clicks");
  }

  @Test
  void aColumnThatIsMissingInOneFileIsWrongUsageBeforeAnythingIsSent() throws IOException {
    Path good = Files.writeString(directory.resolve("good.csv"), "k\na\n");
    Path bad = Files.writeString(directory.resolve("bad.csv"), "x\na\n");

    Shell.Outcome outcome = replay(good, bad + " --key k");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(outcome.err()).contains("--key: k (expected: one of the columns x)");
    assertThat(cluster.count("default", "clicks", "a")).isZero();
  }

  @Test
  void aFileThatIsCutOffIsAFailureThatSaysHowFarItWasRead() throws IOException {
    byte[] whole = gzip("k\n" + "a\n".repeat(100_000));
    Path file = Files.write(directory.resolve("f.gz"), Arrays.copyOf(whole, whole.length - 20));

    Shell.Outcome outcome = replay(file, "--key k");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err()).contains("f.gz after line ", "damaged or cut off");
    assertThat(outcome.out())
        .isEqualTo(
            "recorded " + cluster.count("default", "clicks", "a") + ", duplicate 0, rejected 0\n");
  }

  private Shell.Outcome replay(Path file, String options) {
    List<String> all = new ArrayList<>(List.of("replay", file.toString()));
    all.addAll(List.of(options.split(" ")));
    all.addAll(List.of("--server", cluster.address()));
    return shell.run(all.toArray(String[]::new));
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }
}
