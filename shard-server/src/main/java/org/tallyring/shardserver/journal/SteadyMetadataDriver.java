package org.tallyring.shardserver.journal;

import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.bookkeeper.conf.ClientConfiguration;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.meta.MetadataClientDriver;
import org.apache.bookkeeper.meta.MetadataDrivers;
import org.apache.bookkeeper.meta.exceptions.MetadataException;
import org.apache.bookkeeper.meta.zk.ZKMetadataClientDriver;
import org.apache.bookkeeper.stats.StatsLogger;
import org.jspecify.annotations.Nullable;

/** BookKeeper's way to ZooKeeper, with a {@link SteadyRegistrationClient} at its end. */
final class SteadyMetadataDriver extends ZKMetadataClientDriver {

  private static final long LOOK_MILLIS = 2_000;

  private @Nullable ScheduledExecutorService timer;
  private @Nullable SteadyRegistrationClient registration;
  private @Nullable ScheduledFuture<?> looking;

  /** Makes it the way of every client of bookies in this process that is made from here on. */
  static void install() {
    MetadataDrivers.registerClientDriver(SCHEME, SteadyMetadataDriver.class, true);
  }

  @Override
  public synchronized MetadataClientDriver initialize(
      ClientConfiguration configuration,
      ScheduledExecutorService scheduler,
      StatsLogger stats,
      Optional<Object> context)
      throws MetadataException {
    timer = scheduler;
    return super.initialize(configuration, scheduler, stats, context);
  }

  @Override
  public synchronized RegistrationClient getRegistrationClient() {
    SteadyRegistrationClient made = registration;
    if (made == null) {
      made = new SteadyRegistrationClient(super.getRegistrationClient());
      registration = made;
      if (timer != null) {
        looking =
            timer.scheduleWithFixedDelay(
                made::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
    return made;
  }

  @Override
  public synchronized void close() {
    if (looking != null) {
      looking.cancel(false);
    }
    super.close();
  }
}
