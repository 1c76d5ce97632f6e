package org.tallyring.benchmarks.load;

import java.util.function.Supplier;

/** A cluster that a load goes to. */
public final class TallyringTarget implements Target {

  private final Supplier<ServerFigures> accounts;
  private final Way way;

  /** One of the two ways in. */
  interface Way extends AutoCloseable {

    Producer producer(int sender, int senders);

    long acknowledged();

    @Override
    void close();
  }

  private TallyringTarget(Way way, Supplier<ServerFigures> accounts) {
    this.way = way;
    this.accounts = accounts;
  }

  /**
   * Opens the connections.
   *
   * @param outcomes told of failures and latencies
   * @param accounts what the servers have used
   */
  public static TallyringTarget open(
      Destination destination, int keys, Outcomes outcomes, Supplier<ServerFigures> accounts) {
    return new TallyringTarget(
        destination.isUnary()
            ? UnaryWay.open(destination, keys, outcomes)
            : new StreamWay(destination, outcomes),
        accounts);
  }

  @Override
  public Producer producer(int sender, int senders) {
    return way.producer(sender, senders);
  }

  @Override
  public long acknowledged() {
    return way.acknowledged();
  }

  @Override
  public ServerFigures figures() {
    return accounts.get();
  }

  @Override
  public void close() {
    way.close();
  }
}
