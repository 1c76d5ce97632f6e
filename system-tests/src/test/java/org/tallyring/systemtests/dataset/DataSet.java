package org.tallyring.systemtests.dataset;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.tallyring.systemtests.process.BuildPaths;

/**
 * The public data sets: what they are called, how many rows they have, and how replay reads them.
 */
public enum DataSet {
  /** Retweets, mentions and replies around the Higgs announcement; in time order, very bursty. */
  HIGGS(
      "higgs",
      "higgs-activity_time.txt.gz",
      563_069,
      0,
      "--format csv --no-header --key 2 --time 3 --time-format epoch_s --metric-column 4"),

  /** Shop clicks and purchases. Grouped by user, so that dates jump; the dates have no year. */
  ALIBABA(
      "alibaba",
      "t_alibaba_data.csv.gz",
      182_880,
      0,
      "--format csv --key brand_id --time visit_datetime --time-format M-d --metric-column type"),

  /** Readers of articles over a year, not in time order; a metric with a space in its name. */
  DESKDROP(
      "deskdrop",
      "users_interactions.csv.gz",
      72_312,
      0,
      "--format csv --key contentId --time timestamp --time-format epoch_s"
          + " --metric-column eventType"),

  /** Edits of Wikipedia; keys with spaces, quotes and letters of many scripts. */
  WIKITICKER(
      "wikiticker",
      "wikiticker-2015-09-12-sampled.json.gz",
      39_244,
      0,
      "--format jsonl --key page --time time --time-format iso --metric-column isNew") {
    @Override
    String textOf(String type) {
      // The truth calls an edit "new" if its field isNew is true.
      return type.equals("new") ? "true" : "false";
    }
  },

  /** A web server's access log. One of its request targets has 595 bytes, which no key may have. */
  APACHE_LOGS("apache-logs", "apache_logs.gz", 10_000, 1, "--format combined"),

  /** Sessions of a shop's page views, in the SPMF form, with CR LF and without times. */
  BMS_WEBVIEW_2("bms-webview-2", "BMS2.txt.gz", 358_278, 0, "--format items --metric click"),

  /** Sessions of a news portal, without times. */
  KOSARAK(
      "kosarak-prefix",
      "kosarak-first-36682-lines.dat.gz",
      294_009,
      0,
      "--format items --metric click");

  private final String directory;
  private final String file;
  private final int rows;
  private final int invalidRows;
  private final String format;

  DataSet(String directory, String file, int rows, int invalidRows, String format) {
    this.directory = directory;
    this.file = file;
    this.rows = rows;
    this.invalidRows = invalidRows;
    this.format = format;
  }

  /** Skips the test that calls this where the data sets are absent. */
  public static void assumePresent() {
    assumeTrue(
        Files.isDirectory(BuildPaths.data()),
        () -> "no data sets in " + BuildPaths.data() + "; set -Dtally.data=DIRECTORY");
  }

  /** A name for a namespace that holds only this set. */
  public String namespace() {
    return directory;
  }

  /** The file to replay, compressed. */
  public Path file() {
    return path(file);
  }

  /** How many events it holds that break no rule. */
  public int validRows() {
    return rows - invalidRows;
  }

  /** How many of its events have a key that no key may be. */
  public int invalidRows() {
    return invalidRows;
  }

  /** The exit code of a replay: 3 says that some input was rejected. */
  public int replayExitCode() {
    return invalidRows == 0 ? 0 : 3;
  }

  /** What tells {@code replay} how to read it. */
  public List<String> replayOptions() {
    // The delimiter is a space and cannot stand in the text that is split at spaces.
    return this == HIGGS
        ? concat(List.of("--delimiter", " "), List.of(format.split(" ")))
        : List.of(format.split(" "));
  }

  /** What is true of it. */
  public Truth truth() {
    return new Truth(this);
  }

  /** The file's text, to be closed by the caller. */
  public InputStream open() {
    try {
      return new GZIPInputStream(Files.newInputStream(file()), 1 << 16);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path path(String name) {
    return BuildPaths.data().resolve(directory).resolve(name);
  }

  /** How the file writes a type of event. */
  String textOf(String type) {
    return type;
  }

  /** The metric that replay makes of a type of event. */
  String metricOf(String type) {
    return textOf(type).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "_");
  }

  private static List<String> concat(List<String> first, List<String> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }
}
