package org.tallyring.benchmarks.redis;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import org.tallyring.benchmarks.load.Outcomes;

/**
 * A connection with a bounded number of increments under way. Used by one thread, which sends and
 * takes in what was answered.
 */
final class Pipeline implements AutoCloseable {

  private final RespConnection connection;
  private final IncrementTemplate template;
  private final int replies;
  private final Outcomes outcomes;
  private final LongAdder acknowledged;

  /** When the increments under way were due, and of which rank they are; a ring. */
  private final long[] due;

  private final int[] ranks;
  private final boolean[] sampled;
  private long sent;
  private long answered;

  /**
   * A pipeline.
   *
   * @param depth the most increments under way
   * @param acknowledged what to add answered increments to
   */
  Pipeline(
      RespConnection connection,
      Recipe recipe,
      String scriptHash,
      int depth,
      Outcomes outcomes,
      LongAdder acknowledged) {
    this.connection = connection;
    this.template = new IncrementTemplate(recipe, scriptHash);
    this.replies = recipe.replies();
    this.outcomes = outcomes;
    this.acknowledged = acknowledged;
    due = new long[depth];
    ranks = new int[depth];
    sampled = new boolean[depth];
  }

  /** Sends an increment; first waits for answers if there is no room. */
  void send(byte[] member, int rank, long event, long dueNanos, boolean isSampled)
      throws IOException {
    if (sent - answered == due.length) {
      awaitAtMost(due.length / 2);
    }
    int place = (int) (sent % due.length);
    due[place] = dueNanos;
    ranks[place] = rank;
    sampled[place] = isSampled;
    sent++;
    connection.write(template.with(member, event));
    if (due.length == 1) {
      connection.flush();
    }
  }

  /** Sends what is in the buffer, and takes in what has been answered. */
  void idle() throws IOException {
    connection.flush();
    while (answered < sent && connection.hasReply()) {
      takeAnswer();
    }
  }

  /** Waits until so many increments at most are under way. */
  void awaitAtMost(int underWay) throws IOException {
    connection.flush();
    while (sent - answered > underWay) {
      takeAnswer();
    }
  }

  private void takeAnswer() throws IOException {
    int place = (int) (answered % due.length);
    String error = null;
    for (int i = 0; i < replies; i++) {
      String reply = connection.reply();
      if (reply.startsWith("-")) {
        error = reply;
      }
    }
    answered++;
    if (error != null) {
      outcomes.failed(error.substring(1).split(" ", 2)[0], 0, ranks[place], true);
      return;
    }
    acknowledged.increment();
    if (sampled[place]) {
      outcomes.acknowledgements().record(due[place], System.nanoTime());
    }
  }

  @Override
  public void close() throws IOException {
    connection.close();
  }
}
