package org.tallyring.cli.replay;

import org.jspecify.annotations.Nullable;

/** Where rows are recorded. Used by one thread. */
public interface IncrementSink extends AutoCloseable {

  /**
   * What became of the rows that were not refused.
   *
   * @param applied rows that count now and did not before
   * @param duplicate rows that counted already
   * @param unfinished rows whose outcome is not known, or that were never sent
   * @param failure why there are such; null if there are none
   */
  record Outcome(long applied, long duplicate, long unfinished, @Nullable String failure) {}

  /** Learns of rows that the cluster refused. Called from any thread; must not block. */
  interface RefusalListener {
    /**
     * A row does not count, and would not if it were sent again.
     *
     * @param where it was read, {@code file:line}, or what it was if that is not known
     */
    void refused(String where, String reason);
  }

  /**
   * Hands over a row; waits while too many are under way.
   *
   * @return false when the sink has given up and takes no more
   */
  boolean record(Row row);

  /** Waits until every row has an outcome, or the sink has given up. */
  Outcome finish();

  @Override
  void close();
}
