package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.tallyring.shardserver.engine.Batches.UID;
import static org.tallyring.shardserver.engine.Batches.bytes;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.HeavyHitters;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.engine.strategy.MorrisScale;
import org.tallyring.shardserver.engine.strategy.UserSketch;
import org.tallyring.topology.window.Interval;
import org.tallyring.topology.window.WindowLevel;

/** The approximate strategies against the counts of public data sets, where these are at hand. */
final class StrategiesOnRealDataTest {

  private static final Path DATA = Path.of("..", "..", "shared", "data");
  private static final Interval ALL = Interval.window(WindowLevel.ALL, 0);
  private static final int ROWS_AT_ONCE = 1000;

  private final RangeEngine engine = new RangeEngine(0);
  private Batches batch = Batches.batch();
  private int rows;

  private void use(MetricDefinition.Builder metric) {
    engine.apply(
        Batches.definition(
            NamespaceDefinition.newBuilder()
                .setName(Batches.NAMESPACE)
                .setUid(UID)
                .setRevision(1)
                .addMetrics(metric.setName("m"))));
  }

  private void hit(String key, String user, long timeMillis) {
    batch.row("m", key, user, 1, timeMillis);
    if (++rows % ROWS_AT_ONCE == 0) {
      flush();
    }
  }

  private void flush() {
    engine.apply(batch.entry());
    batch = Batches.batch();
  }

  private static BufferedReader open(String set, String file) throws IOException {
    Path path = DATA.resolve(set).resolve(file);
    assumeTrue(Files.exists(path), "no data set at " + path);
    InputStream in = Files.newInputStream(path);
    return new BufferedReader(
        new InputStreamReader(
            file.endsWith(".gz") ? new GZIPInputStream(in) : in, StandardCharsets.UTF_8));
  }

  private void replayHiggs() throws IOException {
    try (BufferedReader in = open("higgs", "higgs-activity_time.txt.gz")) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split(" ");
        hit(fields[1], fields[0], Long.parseLong(fields[2]) * 1000);
      }
    }
    flush();
  }

  private void replayKosarak() throws IOException {
    try (BufferedReader in = open("kosarak-prefix", "kosarak-first-36682-lines.dat.gz")) {
      int session = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        session++;
        for (String item : line.trim().split(" ")) {
          hit(item, "session-" + session, Batches.NOON);
        }
      }
    }
    flush();
  }

  private static Map<String, Long> truth(String set, String type) throws IOException {
    Map<String, Long> counts = new HashMap<>();
    try (BufferedReader in = open(set, "truth_counts.tsv.gz")) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split("\t");
        if (fields[0].equals(type)) {
          counts.put(fields[1], Long.valueOf(fields[2]));
        }
      }
    }
    return counts;
  }

  @Test
  void morrisCountersOfHiggsHaveTheirStandardError() throws IOException {
    use(MetricDefinition.newBuilder().setMorris(Morris.getDefaultInstance()));
    replayHiggs();
    assertMorris("higgs", truth("higgs", "*"));
  }

  @Test
  void morrisCountersOfKosarakHaveTheirStandardError() throws IOException {
    use(MetricDefinition.newBuilder().setMorris(Morris.getDefaultInstance()));
    replayKosarak();
    assertMorris("kosarak-prefix", truth("kosarak-prefix", "*"));
  }

  private void assertMorris(String set, Map<String, Long> truth) {
    double squares = 0;
    double worst = 0;
    double sum = 0;
    double trueSum = 0;
    int large = 0;
    for (Map.Entry<String, Long> entry : truth.entrySet()) {
      long estimate = engine.count(UID, "m", ALL, bytes(entry.getKey()));
      sum += estimate;
      trueSum += entry.getValue();
      if (entry.getValue() >= 100) {
        double error = estimate / (double) entry.getValue() - 1;
        squares += error * error;
        worst = Math.max(worst, Math.abs(error));
        large++;
      }
    }
    double rms = Math.sqrt(squares / large);
    double stated = new MorrisScale(MorrisScale.DEFAULT_BASE).standardError();
    System.out.printf(
        "morris on %s: %d keys of 100 or more, rms error %.4f, worst %.4f (stated %.4f); sum off by"
            + " %.6f%n",
        set, large, rms, worst, stated, sum / trueSum - 1);
    assertThat(rms).isLessThan(1.15 * stated);
    assertThat(worst).isLessThan(5 * stated);
    // A few keys make up much of the sum, so it is not much nearer than they are.
    assertThat(sum / trueSum).isCloseTo(1, within(0.01));
  }

  @Test
  void heavyHittersOfHiggsAreWithinTheirBound() throws IOException {
    use(
        MetricDefinition.newBuilder()
            .setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(4096)));
    replayHiggs();
    assertHitters("higgs", truth("higgs", "*"));
  }

  @Test
  void heavyHittersOfKosarakAreWithinTheirBound() throws IOException {
    use(
        MetricDefinition.newBuilder()
            .setHeavyHitters(HeavyHitters.newBuilder().setMaxMapSize(4096)));
    replayKosarak();
    assertHitters("kosarak-prefix", truth("kosarak-prefix", "*"));
  }

  private void assertHitters(String set, Map<String, Long> truth) {
    Ranking ranking = engine.ranking(UID, "m", ALL, 100);
    long bound = ranking.quality().maxError();
    long worst = 0;
    for (Map.Entry<String, Long> entry : truth.entrySet()) {
      long count = engine.count(UID, "m", ALL, bytes(entry.getKey()));
      worst = Math.max(worst, Math.abs(count - entry.getValue()));
    }
    List<Long> best = truth.values().stream().sorted(Comparator.reverseOrder()).toList();
    int found = 0;
    for (int place = 0; place < 100; place++) {
      Long count = truth.get(new String(ranking.key(place), StandardCharsets.UTF_8));
      found += count != null && count >= best.get(99) ? 1 : 0;
    }
    System.out.printf(
        "heavy hitters on %s: %d keys, map of 4096, bound %d, worst error %d, %d of the top 100%n",
        set, truth.size(), bound, worst, found);
    assertThat(worst).isLessThanOrEqualTo(bound);
    assertThat(bound).isPositive();
    assertThat(found).isGreaterThanOrEqualTo(95);
    assertThat(engine.keys()).isZero();
  }

  @Test
  void distinctUsersOfHiggsPerTypeAreWithinTheirBound() throws IOException {
    use(MetricDefinition.newBuilder().setDistinct(Distinct.getDefaultInstance()));
    try (BufferedReader in = open("higgs", "higgs-activity_time.txt.gz")) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split(" ");
        long time = Long.parseLong(fields[2]) * 1000;
        hit(fields[3], fields[0], time);
        hit("*", fields[0], time);
      }
    }
    flush();
    double error = UserSketch.standardError(UserSketch.DEFAULT_LOG2_REGISTERS);
    int asked = 0;
    double squares = 0;
    double worst = 0;
    try (BufferedReader in = open("higgs", "truth_totals.tsv")) {
      in.readLine();
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] fields = line.split("\t");
        long truth = Long.parseLong(fields[5]);
        long users = engine.count(UID, "m", interval(fields[1]), bytes(fields[2]));
        double off = users / (double) truth - 1;
        assertThat((double) users).as(line).isCloseTo(truth, within(5 * error * truth));
        squares += off * off;
        worst = Math.max(worst, Math.abs(off));
        asked++;
      }
    }
    System.out.printf(
        "distinct users on higgs: %d types and windows, rms error %.4f, worst %.4f (stated %.4f)%n",
        asked, Math.sqrt(squares / asked), worst, error);
    assertThat(Math.sqrt(squares / asked)).isLessThan(error);
  }

  /** A window as the truth names it: a day, an hour, or "-" for all time. */
  private static Interval interval(String name) {
    if (name.length() == "2012-07-01".length()) {
      long start = LocalDate.parse(name).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
      return Interval.window(WindowLevel.DAY, start);
    }
    if (name.length() == "2012-07-01T00".length()) {
      long start = LocalDateTime.parse(name + ":00").toInstant(ZoneOffset.UTC).toEpochMilli();
      return Interval.window(WindowLevel.HOUR, start);
    }
    return ALL;
  }
}
