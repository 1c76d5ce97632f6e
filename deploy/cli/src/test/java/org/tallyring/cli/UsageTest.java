package org.tallyring.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tallyring.cli.config.ShardConfig;
import org.tallyring.cli.failure.ExitCode;

final class UsageTest {

  private final Shell shell = new Shell();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no-such-verb",
        "top -k 0",
        "top -k 1001",
        "top -k ten",
        "top --window week",
        "top --at yesterday",
        "top --last 24h --window day",
        "top --last 24h --window all",
        "top --last 0s",
        "top --last 0ms",
        "top --last 10y",
        "top --last 401d",
        "count k --last 24h --window day",
        "series",
        "series k --step week",
        "series k --step all",
        "metric create m --strategy fixed_window --bucket ten",
        "metric create m --strategy morris --bucket 10s",
        "metric create m --bucket 10s",
        "threshold set r --limit 1",
        "threshold set r --last 5m --window day --limit 1",
        "threshold set r --last 0s --limit 1",
        "threshold set r --last 10y --limit 1",
        "threshold set r --last 5m",
        "series k --start 2012-07-04 --last 1h",
        "series k --start yesterday",
        "series k --start 2012-07-04 --end 2012-07-04",
        "series k --start 2012-07-04 --end 2012-07-03",
        "series k --step minute --last 7d",
        "series k --last 10y",
        "series k --start +292278994-08",
        "top --output xml",
        "top --server localhost",
        "top --namespace Shop",
        "top --metric _x",
        "top --no-such-option",
        "top --include Views",
        "top --where views",
        "top --where views>=ten",
        "top --score views",
        "top --score 0.1234567*views",
        "rank",
        "rank k --neighbors 101",
        "rank k --neighbors -1",
        "rank k --window week",
        "rank k l",
        "trending -k 0",
        "trending --min-count 0",
        "trending --baseline-hours 169",
        "trending --window hour",
        "count",
        "count k --from f",
        "record",
        "record k --delta 0",
        "record k --delta one",
        "record k --time noon",
        "record k --event-id 12345678901234567",
        "record k --event-id 0x0",
        "namespace",
        "namespace create",
        "namespace create Shop",
        "namespace create shop --metrics a,B",
        "namespace create shop --lateness 60",
        "namespace create shop --retention hour",
        "namespace create shop --retention week=7d",
        "namespace create shop --retention hour=1d,hour=2d",
        "namespace create shop --retention hour=1w",
        "namespace create shop --event-id-horizon 2",
        "namespace delete default",
        "metric create a.b",
        "metric create m --strategy count_min",
        "metric create m --base 2",
        "metric create m --strategy morris --horizon 1m",
        "metric create m --strategy morris --base two",
        "metric create m --strategy sliding_window",
        "metric create m --strategy sliding_window --horizon 60",
        "metric swap m",
        "metric swap a.b --strategy morris",
        "metric describe a.b",
        "replay f --format items --user u",
        "record k --user a\tb",
        "bench --rate -1",
        "bench --rate fast",
        "bench --seconds 0",
        "bench --warm-up -1",
        "bench --keys 0",
        "bench --skew 5",
        "bench --threads 0",
        "bench --connections 0",
        "bench --depth 2",
        "bench --unary --depth 0",
        "bench --readers -1",
        "bench --read-rate -1",
        "bench -k 1001",
        "bench --sampling 0",
        "bench --metrics Views",
        "bench --namespace Shop",
        "bench --output xml",
        "bench --metrics-url http://localhost/metrics",
        "bench --server localhost",
        "bench --server localhost:1 --heap 1g",
        "bench --server localhost:1 --ranges 8",
        "bench --ranges 48",
        "bench --server localhost:1 --metrics-url localhost:1",
        "standalone --shards 0",
        "standalone --shards 17",
        "standalone --ranges 0",
        "standalone --ranges 48",
        "standalone --ranges 8192",
        "standalone --port 65536",
        "shard-server",
        "shard-server --config /no/such/file",
        "replay",
        "replay f",
        "replay f --key a --metric m --metric-column c",
        "replay f --key a --format xml",
        "replay f --key a --delimiter ab",
        "replay f --key a --time-format iso",
        "replay f --key a --time t --time-format jj",
        "replay f --key a --deadline soon",
        "replay f --key a --deadline 0s",
        "replay f --format combined --key a",
        "replay f --format items --event-id a",
        "replay f --format items --delimiter ;",
        "drain",
        "rebalance shard-2",
      })
  void wrongUsageIsToldInOneLineAndExitsWith2(String commandLine) {
    Shell.Outcome outcome = shell.run(words(commandLine));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.errLines()).singleElement().asString().startsWith("tally: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "standalone --help",
        "replay --help",
        "record --help",
        "top -h",
        "count --help",
        "rank --help",
        "trending --help",
        "series --help",
        "shards --help",
        "ranges --help",
        "drain --help",
        "rebalance --help",
        "namespace --help",
        "namespace create --help",
        "metric create --help",
        "metric swap --help",
        "metric list --help",
        "bench --help",
        "shard-server --help",
      })
  void helpShowsExamplesAndExitsWith0(String commandLine) {
    Shell.Outcome outcome = shell.run(words(commandLine));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(ExitCode.DONE);
    assertThat(outcome.out()).contains("Usage: tally").contains("Examples:");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void theVersionIsShown() {
    assertThat(shell.run("--version").out()).startsWith("tally ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "top",
        "count k",
        "rank k",
        "trending",
        "series k",
        "shards",
        "ranges",
        "drain shard-2",
        "rebalance --dry-run",
        "namespace list",
        "namespace describe",
        "namespace delete shop",
        "metric create m",
        "metric swap m --strategy morris",
        "metric list",
        "metric describe m",
        "bench",
      })
  void aServerThatIsNotThereIsToldAtOnce(String commandLine) throws IOException {
    Shell.Outcome outcome = shell.run(words(commandLine + " --server " + closedPort()));

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.errLines())
        .singleElement()
        .asString()
        .startsWith("tally: cannot reach 127.0.0.1:")
        .contains("tally standalone");
  }

  @Test
  void aReplayGivesUpAtItsDeadline() throws IOException {
    long begun = System.nanoTime();
    Shell.Outcome outcome =
        shell.runWithInput(
            "key\nk\n", words("replay - --key key --deadline 1s --server " + closedPort()));

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    // However long the first attempt takes on a busy machine.
    assertThat(outcome.errLines())
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("cannot reach"));
    assertThat(outcome.errLines().get(0)).endsWith("(repeating for 1s)");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void aFileThatCannotBeOpenedIsAFailureBeforeAnythingIsSent() {
    Shell.Outcome outcome = shell.run("replay", "/no/such/file", "--key", "key");

    assertThat(outcome.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(outcome.err())
        .isEqualTo("tally: cannot read /no/such/file: there is no such file\n");
  }

  @Test
  void rolesAreStartedWithTheirConfiguration() {
    assertThat(
            shell
                .run(
                    words(
                        "standalone --data d --shards 2 --ranges 8 --port 8080 --journal-retention 7d --demo"))
                .exitCode())
        .isEqualTo(ExitCode.DONE);
    assertThat(
            shell
                .run(
                    "shard-server",
                    "--config",
                    Path.of("..", "conf", "shard-server.conf").toString())
                .exitCode())
        .isEqualTo(ExitCode.DONE);

    assertThat(shell.started)
        .hasSize(2)
        .startsWith(new StandaloneOptions(Path.of("d"), 2, 8, 8080, Duration.ofDays(7), true));
    assertThat(shell.started.get(1))
        .isInstanceOfSatisfying(
            ShardConfig.class, config -> assertThat(config.id()).isEqualTo("shard-1"));
  }

  private static String closedPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  private static String[] words(String commandLine) {
    List<String> words = Arrays.stream(commandLine.split(" ")).filter(w -> !w.isEmpty()).toList();
    return words.toArray(String[]::new);
  }
}
