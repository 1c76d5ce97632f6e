package org.tallyring.cli;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.tallyring.cli.config.AggregatorRoleConfig;
import org.tallyring.cli.config.BookieConfig;
import org.tallyring.cli.config.ShardConfig;
import org.tallyring.cli.config.ZooKeeperConfig;
import org.tallyring.cli.output.Terminal;

/** Runs the program in this process, as a shell would. */
final class Shell {

  /** What a run left behind. */
  record Outcome(int exitCode, String out, String err) {
    List<String> outLines() {
      return out.lines().toList();
    }

    List<String> errLines() {
      return err.lines().toList();
    }
  }

  /** What the roles were asked to run. */
  final List<Object> started = new ArrayList<>();

  Outcome run(String... arguments) {
    return runWithInput("", arguments);
  }

  Outcome runWithInput(String input, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console =
        new Console(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintWriter(out),
            new PrintWriter(err),
            Terminal.NONE);
    int exitCode = Tally.commandLine(console, new RememberedRoles()).execute(arguments);
    return new Outcome(exitCode, out.toString(), err.toString());
  }

  private final class RememberedRoles implements Roles {
    @Override
    public void standalone(StandaloneOptions options) {
      started.add(options);
    }

    @Override
    public void zooKeeper(ZooKeeperConfig config) {
      started.add(config);
    }

    @Override
    public void bookie(BookieConfig config) {
      started.add(config);
    }

    @Override
    public void shardServer(ShardConfig config) {
      started.add(config);
    }

    @Override
    public void aggregator(AggregatorRoleConfig config) {
      started.add(config);
    }
  }
}
