package org.tallyring.systemtests.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the driver sends, written to a file before it is sent, and what was answered.
 *
 * <p>A line is a sign and columns: {@code +} an increment that is about to be sent, {@code =} it
 * was applied or found to be a duplicate, {@code ?} in doubt, {@code -} refused; the last three
 * have its number, and the reason. An increment that is sent twice, with an event id, may have two
 * answers. Writing is thread-safe.
 */
public final class SentJournal implements AutoCloseable {

  /** What is known of an increment when all answers are in. */
  enum Outcome {
    /** Some send of it was acknowledged: it must count, once. */
    COUNTED,
    /** No send of it was acknowledged and not all were refused: it may count, once. */
    IN_DOUBT,
    /** Every send of it that was answered was refused, and all were answered: it must not count. */
    REFUSED
  }

  private final Path file;
  private final BufferedWriter out;

  /** An empty journal. */
  public SentJournal(Path file) {
    this.file = file;
    try {
      out = Files.newBufferedWriter(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Notes what is about to be sent. */
  void sending(Sent sent) {
    line(
        "+\t%d\t%s\t%s\t%d\t%d"
            .formatted(sent.id(), sent.metric(), sent.key(), sent.delta(), sent.timeMillis()));
  }

  /** Notes that an increment counts. */
  void counted(long id) {
    line("=\t" + id);
  }

  /** Notes that nobody knows whether an increment counts. */
  void inDoubt(long id, String reason) {
    line("?\t" + id + "\t" + reason);
  }

  /** Notes that an increment does not count. */
  void refused(long id, String reason) {
    line("-\t" + id + "\t" + reason);
  }

  private synchronized void line(String line) {
    try {
      out.write(line);
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Hands what was noted to the operating system. To be called before anything of it is sent. */
  synchronized void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every increment of the file, with what is known of it, in the order of the sends. */
  void read(BiConsumer<Sent, Outcome> reader) {
    flush();
    Map<Long, String> answers = new HashMap<>();
    lines(
        columns -> {
          if (!columns[0].equals("+")) {
            answers.merge(Long.valueOf(columns[1]), columns[0], String::concat);
          }
        });
    lines(
        columns -> {
          if (columns[0].equals("+")) {
            Sent sent =
                new Sent(
                    Long.parseLong(columns[1]),
                    columns[2],
                    columns[3],
                    Long.parseLong(columns[4]),
                    Long.parseLong(columns[5]));
            reader.accept(sent, outcome(answers.get(sent.id())));
          }
        });
  }

  private interface Line {
    void columns(String[] columns);
  }

  private void lines(Line line) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
      lines.map(text -> text.split("\t", -1)).forEach(line::columns);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Outcome outcome(@Nullable String answers) {
    if (answers == null || (answers.indexOf('?') >= 0 && answers.indexOf('=') < 0)) {
      return Outcome.IN_DOUBT;
    }
    return answers.indexOf('=') >= 0 ? Outcome.COUNTED : Outcome.REFUSED;
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
