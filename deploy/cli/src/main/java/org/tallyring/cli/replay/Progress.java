package org.tallyring.cli.replay;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import me.tongfei.progressbar.ProgressBar;
import org.tallyring.cli.output.TaskProgress;

/** Shows how much of the files has been read. Used by one thread. */
public interface Progress extends AutoCloseable {

  /** Shows nothing: for a stderr that is no terminal. */
  Progress SILENT = stored -> {};

  /** So many stored bytes have been read, over all files. */
  void readTo(long storedBytes);

  /** Takes the bar away. */
  @Override
  default void close() {}

  /**
   * A bar over the bytes of all files.
   *
   * @param terminal where to draw it
   */
  static Progress bar(List<InputFile> files, PrintStream terminal) {
    long total = 0;
    boolean known = true;
    try {
      for (InputFile file : files) {
        known &= file.isRegular();
        total += file.size();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    long whole = known ? total : Long.MAX_VALUE;
    ProgressBar bar =
        TaskProgress.bar("replay", terminal)
            .setInitialMax(known ? total : -1)
            .setUnit(" MiB", 1 << 20)
            .build();
    return new Progress() {
      @Override
      public void readTo(long storedBytes) {
        bar.stepTo(storedBytes);
        if (storedBytes >= whole) {
          bar.setExtraMessage(" waiting for acknowledgements");
        }
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }
}
