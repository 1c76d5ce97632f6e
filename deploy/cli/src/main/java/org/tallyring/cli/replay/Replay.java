package org.tallyring.cli.replay;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.tallyring.cli.failure.CliException;

/** Reads files and records their rows, one file after the other. */
public final class Replay {

  private static final RowHandler IGNORE =
      new RowHandler() {
        @Override
        public void row(
            long line,
            String key,
            @Nullable String time,
            @Nullable String metric,
            @Nullable String delta,
            @Nullable String eventId,
            @Nullable String user) {}

        @Override
        public void rejected(long line, String reason) {}
      };

  private final ReplayPlan plan;
  private final Rejections rejections;
  private final Progress progress;
  private final MetricNames metricNames = new MetricNames();

  /**
   * A replay that has not begun.
   *
   * @param rejections told of what cannot be recorded
   * @param progress told how much has been read
   */
  public Replay(ReplayPlan plan, Rejections rejections, Progress progress) {
    this.plan = plan;
    this.rejections = rejections;
    this.progress = progress;
  }

  /**
   * Looks at the beginning of each file that can be read twice, so that a column that is not there
   * is found before anything is recorded.
   *
   * @throws CliException if a column is missing, or a file cannot be read
   */
  public void check(List<InputFile> files) {
    for (InputFile file : files) {
      if (file.isRegular()) {
        try (LineSource lines = new LineSource(file.open())) {
          plan.newReader().begin(lines, IGNORE);
        } catch (IOException e) {
          throw unreadable(file, 0, e);
        }
      }
    }
  }

  /**
   * What became of a replay. What was rejected, {@link Rejections} has counted.
   *
   * @param recorded rows that count now and did not before
   * @param duplicate rows that counted already
   * @param failure why there is more that was not recorded; null if there is not
   */
  public record Totals(long recorded, long duplicate, @Nullable String failure) {}

  /**
   * Reads the files to their ends, or until the sink takes no more, and waits for the outcome of
   * all rows. A file that cannot be read to its end is told by the totals, since what was read of
   * it counts.
   */
  Totals run(List<InputFile> files, Metrics metrics, IncrementSink sink) {
    CliException unreadable = null;
    try {
      readAll(files, metrics, sink);
    } catch (CliException e) {
      unreadable = e;
    }
    IncrementSink.Outcome outcome = sink.finish();
    String failure = unreadable == null ? null : unreadable.getMessage();
    if (outcome.failure() != null) {
      failure =
          "given up, "
              + outcome.unfinished()
              + " rows may or may not count and the rest was not sent: "
              + outcome.failure();
    }
    return new Totals(outcome.applied(), outcome.duplicate(), failure);
  }

  /** How the files are read. */
  ReplayPlan plan() {
    return plan;
  }

  /** What could not be recorded. */
  Rejections rejections() {
    return rejections;
  }

  private void readAll(List<InputFile> files, Metrics metrics, IncrementSink sink) {
    long before = 0;
    for (InputFile file : files) {
      if (!readFile(file, before, metrics, sink)) {
        return;
      }
      try {
        before += file.size();
      } catch (IOException e) {
        throw unreadable(file, 0, e);
      }
    }
  }

  private boolean readFile(InputFile file, long before, Metrics metrics, IncrementSink sink) {
    RowParser parser =
        new RowParser(
            file.name(),
            plan.newTimeFormat(),
            plan.metric(),
            metricNames,
            metrics,
            rejections,
            sink::record);
    RowReader reader = plan.newReader();
    LastLine lastLine = new LastLine(parser);
    try (InputStream in = file.open(bytes -> progress.readTo(before + bytes));
        LineSource lines = new LineSource(in)) {
      reader.begin(lines, lastLine);
      while (reader.readNext(lines, lastLine)) {
        if (parser.stopped()) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw unreadable(file, lastLine.number, e);
    }
  }

  private static CliException unreadable(InputFile file, long line, IOException e) {
    String what =
        e instanceof EOFException || e instanceof ZipException
            ? "the gzip data are damaged or cut off"
            : String.valueOf(e.getMessage());
    String where = line == 0 ? "" : " after line " + line;
    return CliException.failed("cannot read " + file.name() + where + ": " + what, e);
  }

  /** Remembers how far a file was read. */
  private static final class LastLine implements RowHandler {
    private final RowHandler next;
    private long number;

    LastLine(RowHandler next) {
      this.next = next;
    }

    @Override
    public void row(
        long line,
        String key,
        @Nullable String time,
        @Nullable String metric,
        @Nullable String delta,
        @Nullable String eventId,
        @Nullable String user) {
      number = line;
      next.row(line, key, time, metric, delta, eventId, user);
    }

    @Override
    public void rejected(long line, String reason) {
      number = line;
      next.rejected(line, reason);
    }
  }
}
