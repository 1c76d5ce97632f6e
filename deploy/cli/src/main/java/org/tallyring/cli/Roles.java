package org.tallyring.cli;

import org.tallyring.cli.config.AggregatorRoleConfig;
import org.tallyring.cli.config.BookieConfig;
import org.tallyring.cli.config.ShardConfig;
import org.tallyring.cli.config.ZooKeeperConfig;

/**
 * The servers that this program can be. Each method starts one, says so on standard output, and
 * returns when the process is asked to stop and the server has stopped.
 */
interface Roles {

  /**
   * A whole cluster in this process.
   *
   * @throws org.tallyring.cli.failure.CliException if it does not start
   */
  void standalone(StandaloneOptions options);

  /**
   * A ZooKeeper server.
   *
   * @throws org.tallyring.cli.failure.CliException if it does not start
   */
  void zooKeeper(ZooKeeperConfig config);

  /**
   * A bookie.
   *
   * @throws org.tallyring.cli.failure.CliException if it does not start
   */
  void bookie(BookieConfig config);

  /**
   * A shard.
   *
   * @throws org.tallyring.cli.failure.CliException if it does not start
   */
  void shardServer(ShardConfig config);

  /**
   * An aggregator.
   *
   * @throws org.tallyring.cli.failure.CliException if it does not start
   */
  void aggregator(AggregatorRoleConfig config);
}
