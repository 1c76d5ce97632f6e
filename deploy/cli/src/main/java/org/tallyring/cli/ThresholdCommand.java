package org.tallyring.cli;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.config.DurationText;
import org.tallyring.cli.failure.CliException;
import org.tallyring.cli.server.ServerConnection;
import org.tallyring.proto.v1.DeleteThresholdRequest;
import org.tallyring.proto.v1.GetNamespaceRequest;
import org.tallyring.proto.v1.SetThresholdRequest;
import org.tallyring.proto.v1.ThresholdRule;
import org.tallyring.proto.v1.Window;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Threshold rules: set, list, delete. */
@Command(
    name = "threshold",
    description = "Says when to tell that counts reach a limit; `tally events` shows it.",
    footer = {
      "",
      "Examples:",
      "  tally threshold set busy --metric clicks --window day --limit 1000",
      "  tally threshold list"
    })
final class ThresholdCommand {

  private ThresholdCommand() {}

  static CommandLine commandLine(Console console) {
    return new CommandLine(new ThresholdCommand())
        .addSubcommand(new Put(console))
        .addSubcommand(new ListAll(console))
        .addSubcommand(new Delete(console));
  }

  private static void print(Console console, OutputOption output, List<ThresholdRule> rules) {
    Listing listing =
        new Listing("rules", "name", "metric", "window", "limit", "rearm_below", "key");
    for (ThresholdRule rule : rules) {
      listing.add(
          rule.getName(),
          rule.getMetric(),
          time(rule),
          rule.getLimit(),
          rule.hasRearmBelow() ? rule.getRearmBelow() : rule.getLimit(),
          rule.getKey().toStringUtf8());
    }
    listing.print(output.format(), console.out());
  }

  /** The kind of window, or how long the span is: {@code day}, {@code last 5m}. */
  private static String time(ThresholdRule rule) {
    return rule.getSpanMillis() == 0
        ? rule.getWindow().name().substring("WINDOW_".length()).toLowerCase(Locale.ROOT)
        : "last " + DurationText.format(Duration.ofMillis(rule.getSpanMillis()));
  }

  @Command(
      name = "set",
      description = "Adds a rule to a namespace, or replaces the one of the same name.",
      footer = {
        "",
        "Examples:",
        "  tally threshold set busy --metric clicks --window day --limit 1000",
        "  tally threshold set sold --metric purchases --window all --limit 100 --key sku-17",
        "  tally threshold set burst --metric clicks --last 5m --limit 100 --rearm-below 50"
      })
  private static final class Put extends AdminVerb {
    private static final Set<String> WINDOWS = Set.of("hour", "day", "month", "all");

    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private MetricOption metric = new MetricOption();
    @Mixin private OutputOption output = new OutputOption();

    @Parameters(paramLabel = "NAME", description = "The rule's name.")
    private String name = "";

    @Option(
        names = "--window",
        paramLabel = "WINDOW",
        description = "hour, day, month or all. The rule starts anew with each window.")
    private @Nullable String window;

    @Option(
        names = "--last",
        paramLabel = "SPAN",
        description =
            "Instead of --window: a sliding span of one of the metric's finest buckets to 24h. It"
                + " ends with the bucket of each increment.")
    private @Nullable String last;

    @Option(
        names = "--limit",
        paramLabel = "N",
        required = true,
        description = "Told when a count that was below is N or more.")
    private long limit;

    @Option(names = "--key", paramLabel = "KEY", description = "Only this key. Default: any.")
    private @Nullable String key;

    @Option(
        names = "--rearm-below",
        paramLabel = "N",
        description = "Told again only after the count fell below N. Default: the limit.")
    private @Nullable Long rearmBelow;

    Put(Console console) {
      super(console);
    }

    @Override
    void run() {
      ThresholdRule.Builder rule = ThresholdRule.newBuilder().setName(Names.checked("name", name));
      setTime(rule);
      if (limit <= 0) {
        throw CliException.usage("--limit", limit, "above 0");
      }
      if (rearmBelow != null && rearmBelow > limit) {
        throw CliException.usage("--rearm-below", rearmBelow, "at most the limit, " + limit);
      }
      rule.setLimit(limit);
      if (rearmBelow != null) {
        rule.setRearmBelow(rearmBelow);
      }
      if (key != null) {
        rule.setKey(ByteString.copyFrom(Names.key(key)));
      }
      String namespaceName = namespace.name();
      try (ServerConnection connection = server.connection()) {
        SetThresholdRequest request =
            SetThresholdRequest.newBuilder()
                .setNamespace(namespaceName)
                .setRule(rule.setMetric(metric.name(connection, namespaceName)))
                .build();
        print(
            console,
            output,
            connection.admin(stub -> stub.setThreshold(request)).getNamespace().getRulesList());
      }
    }

    private void setTime(ThresholdRule.Builder rule) {
      if (last != null && window != null) {
        throw CliException.usage("--last", last, "either --last or --window, not both");
      }
      if (last != null) {
        rule.setSpanMillis(WindowOptions.span(last).toMillis());
      } else if (window != null && WINDOWS.contains(window)) {
        rule.setWindow(Window.valueOf("WINDOW_" + window.toUpperCase(Locale.ROOT)));
      } else {
        throw CliException.usage(
            "--window",
            window == null ? "missing" : window,
            "hour, day, month or all, or a span with --last");
      }
    }
  }

  @Command(
      name = "list",
      description = "Shows the rules of a namespace.",
      footer = {"", "Examples:", "  tally threshold list --namespace shop"})
  private static final class ListAll extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();
    @Mixin private OutputOption output = new OutputOption();

    ListAll(Console console) {
      super(console);
    }

    @Override
    void run() {
      GetNamespaceRequest request =
          GetNamespaceRequest.newBuilder().setName(namespace.name()).build();
      print(console, output, ask(stub -> stub.getNamespace(request)).getNamespace().getRulesList());
    }
  }

  @Command(
      name = "delete",
      description = "Removes a rule.",
      footer = {"", "Examples:", "  tally threshold delete busy"})
  private static final class Delete extends AdminVerb {
    @Mixin private NamespaceOption namespace = new NamespaceOption();

    @Parameters(paramLabel = "NAME", description = "The rule's name.")
    private String name = "";

    Delete(Console console) {
      super(console);
    }

    @Override
    void run() {
      DeleteThresholdRequest request =
          DeleteThresholdRequest.newBuilder()
              .setNamespace(namespace.name())
              .setName(Names.checked("name", name))
              .build();
      ask(stub -> stub.deleteThreshold(request));
      sayDeleted(name);
    }
  }
}
