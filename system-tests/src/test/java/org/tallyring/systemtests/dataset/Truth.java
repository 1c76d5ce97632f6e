package org.tallyring.systemtests.dataset;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/**
 * What is true of a data set, from the files beside it. They were made by sort and uniq, without
 * any of our code.
 *
 * <p>The type {@code *} of the truth files, all types together, is left out: no metric adds up
 * others, and every increment is of a type that is checked. Keys over 512 bytes are left out too:
 * they must have been rejected.
 */
public final class Truth {

  private static final String ALL_TYPES = "*";
  private static final int LONGEST_KEY_BYTES = 512;

  private final DataSet set;

  Truth(DataSet set) {
    this.set = set;
  }

  /** The count of every key, by metric. */
  public Map<String, Map<String, Long>> counts() {
    Map<String, Map<String, Long>> counts = new LinkedHashMap<>();
    read(
        "truth_counts.tsv.gz",
        columns -> {
          String key = columns[1];
          if (!columns[0].equals(ALL_TYPES)
              && key.getBytes(StandardCharsets.UTF_8).length <= LONGEST_KEY_BYTES) {
            counts
                .computeIfAbsent(set.metricOf(columns[0]), metric -> new LinkedHashMap<>())
                .put(key, Long.valueOf(columns[2]));
          }
        });
    return counts;
  }

  /** The best 20 by metric, each {@code rank<TAB>key<TAB>count}. */
  public Map<String, List<String>> top20() {
    Map<String, List<String>> tops = new LinkedHashMap<>();
    read(
        "truth_top20.tsv",
        columns -> {
          if (!columns[0].equals(ALL_TYPES)) {
            tops.computeIfAbsent(set.metricOf(columns[0]), metric -> new ArrayList<>())
                .add(String.join("\t", columns[1], columns[2], columns[3]));
          }
        });
    return tops;
  }

  /** The best 10 of the windows that it names, each {@code rank<TAB>key<TAB>count}. */
  public Map<NamedWindow, List<String>> windows() {
    Map<NamedWindow, List<String>> tops = new LinkedHashMap<>();
    if (!Files.exists(set.path("truth_windows_top10.tsv"))) {
      return tops;
    }
    read(
        "truth_windows_top10.tsv",
        columns -> {
          if (!columns[1].equals(ALL_TYPES)) {
            tops.computeIfAbsent(
                    NamedWindow.of(columns[0], set.metricOf(columns[1])),
                    window -> new ArrayList<>())
                .add(String.join("\t", columns[2], columns[3], columns[4]));
          }
        });
    return tops;
  }

  /**
   * How many different users there were of each type, as the file writes it: of all time, and in
   * each day and hour in which the type occurs.
   */
  public List<TypeUsers> users() {
    List<TypeUsers> users = new ArrayList<>();
    read(
        "truth_totals.tsv",
        columns -> {
          if (!columns[0].equals("scope") && !columns[2].equals(ALL_TYPES)) {
            users.add(
                new TypeUsers(
                    set.textOf(columns[2]),
                    columns[0],
                    columns[1].equals("-") ? "" : NamedWindow.of(columns[1], "").at(),
                    Long.parseLong(columns[5])));
          }
        });
    return users;
  }

  private void read(String name, Consumer<String[]> row) {
    Path file = set.path(name);
    try (InputStream raw = Files.newInputStream(file);
        InputStream plain = name.endsWith(".gz") ? new GZIPInputStream(raw) : raw;
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8))) {
      lines.lines().map(line -> line.split("\t", -1)).forEach(row);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
