package org.tallyring.cli.replay;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tallyring.topology.name.KeyRules;

/** A file of keys, one a line. */
public final class KeyFile {

  private KeyFile() {}

  /**
   * Reads all keys; empty lines are skipped.
   *
   * @param rejections told of lines that are not keys
   * @throws IOException if the file cannot be read to its end
   */
  public static void read(InputFile file, Rejections rejections, Consumer<byte[]> consumer)
      throws IOException {
    RowHandler handler =
        new RowHandler() {
          @Override
          public void row(
              long line,
              String key,
              @Nullable String time,
              @Nullable String metric,
              @Nullable String delta,
              @Nullable String eventId,
              @Nullable String user) {
            byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
            String violation = KeyRules.violation(bytes, 0, bytes.length);
            if (violation == null) {
              consumer.accept(bytes);
            } else {
              rejected(line, violation);
            }
          }

          @Override
          public void rejected(long line, String reason) {
            rejections.add(file.name() + ":" + line, reason);
          }
        };
    try (LineSource lines = new LineSource(file.open())) {
      LineSource.Line line = lines.nextNonEmpty(handler);
      while (line != null) {
        handler.row(line.number(), line.text(), null, null, null, null, null);
        line = lines.nextNonEmpty(handler);
      }
    }
  }
}
