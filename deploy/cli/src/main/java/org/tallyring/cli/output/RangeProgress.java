package org.tallyring.cli.output;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how many ranges are done. Used by one thread. */
public interface RangeProgress extends AutoCloseable {

  /** So many of so many are done. */
  void at(int done, int total);

  /** Takes the bar away. */
  @Override
  void close();

  /**
   * A bar, or nothing where nobody looks.
   *
   * @param task what is done
   * @param visible whether somebody looks
   * @param terminal where to draw it
   */
  static RangeProgress of(String task, boolean visible, PrintStream terminal) {
    if (!visible) {
      return new RangeProgress() {
        @Override
        public void at(int done, int total) {}

        @Override
        public void close() {}
      };
    }
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(-1)
            .setUnit(" ranges", 1)
            .setStyle(ProgressBarStyle.ASCII)
            .setConsumer(new ConsoleProgressBarConsumer(terminal))
            .setUpdateIntervalMillis(200)
            .clearDisplayOnFinish()
            .build();
    return new RangeProgress() {
      @Override
      public void at(int done, int total) {
        bar.maxHint(total);
        bar.stepTo(done);
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }
}
