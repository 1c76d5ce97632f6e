package org.tallyring.systemtests.driver;

import java.util.Locale;

/** How far estimates are from the truth, relative to it. */
public final class RelativeErrors {

  private int size;
  private double squares;
  private double worst;

  /** Takes an estimate of something that is not 0. */
  public void add(long estimate, long truth) {
    double error = Math.abs(estimate / (double) truth - 1);
    size++;
    squares += error * error;
    worst = Math.max(worst, error);
  }

  /** How many estimates there were. */
  public int size() {
    return size;
  }

  /** The root of the mean of the squares; 0 of nothing. */
  public double rms() {
    return size == 0 ? 0 : Math.sqrt(squares / size);
  }

  /** The largest. */
  public double worst() {
    return worst;
  }

  /**
   * What {@link #rms} stays below, but for one run in a million, if each error has a standard
   * error: an rms of n errors itself varies by about {@code 1 / sqrt(2 n)} of itself.
   */
  public double rmsLimit(double standardError) {
    return standardError * (1 + 5 / Math.sqrt(2.0 * size));
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d estimates, rms error %.2f %%, worst %.2f %%",
        size,
        100 * rms(),
        100 * worst);
  }
}
