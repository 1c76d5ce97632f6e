package org.tallyring.benchmarks.engine;

import com.google.protobuf.InvalidProtocolBufferException;

/** An engine that takes part: batches in, exact counts in four windows, their top 1,000 out. */
interface Contender {

  /** How many keys of each window are ranked. */
  int K = 1_000;

  /** Its name in the results. */
  String name();

  /** Counts a batch, given in the bytes of the wire, at an event time. */
  void apply(byte[] batch, long timeMillis) throws InvalidProtocolBufferException;

  /**
   * Ranks the hour, day, month and all time.
   *
   * @return the highest count of all time
   */
  long rank(long timeMillis);

  /**
   * Takes a snapshot, as far as it stops the writer.
   *
   * @return what to run beside the writer to finish it
   */
  Runnable snapshot();
}
