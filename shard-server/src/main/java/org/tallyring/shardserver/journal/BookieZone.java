package org.tallyring.shardserver.journal;

import java.util.concurrent.CompletableFuture;
import org.apache.bookkeeper.common.component.ComponentInfoPublisher;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.apache.bookkeeper.discover.BookieServiceInfo;
import org.apache.bookkeeper.discover.RegistrationClient;
import org.apache.bookkeeper.net.BookieId;
import org.apache.bookkeeper.server.component.ServerLifecycleComponent;
import org.apache.bookkeeper.server.conf.BookieConfiguration;
import org.apache.bookkeeper.stats.StatsLogger;
import org.apache.bookkeeper.versioning.Versioned;

/**
 * A bookie's failure zone, as a property of its registration, from where clients learn it together
 * with its address.
 *
 * <p>As an object it is the part of a bookie's server that tells its zone and does nothing else,
 * which is the only way that BookKeeper has for adding to a registration. It is public because
 * BookKeeper makes it.
 */
public final class BookieZone extends ServerLifecycleComponent {

  /** Where there is no zone. */
  static final String NONE = "";

  private static final String PROPERTY = "zone";
  private static final String KEY = "tallyring.zone";

  /** Called by BookKeeper, and by nobody else. */
  public BookieZone(BookieConfiguration configuration, StatsLogger stats) {
    super("zone", configuration, stats);
  }

  /** Makes a bookie tell its zone, if it has one. */
  static void configure(ServerConfiguration keys, String zone) {
    if (!zone.isEmpty()) {
      keys.setProperty(KEY, zone);
      keys.setExtraServerComponents(new String[] {BookieZone.class.getName()});
    }
  }

  /**
   * What a bookie told. Asks nobody, since it is called where waiting is not possible: a client
   * holds the registrations of all bookies that it may choose from.
   */
  static String of(RegistrationClient registration, BookieId bookie) {
    CompletableFuture<Versioned<BookieServiceInfo>> known =
        registration.getBookieServiceInfo(bookie);
    return known.isDone() && !known.isCompletedExceptionally()
        ? known.join().getValue().getProperties().getOrDefault(PROPERTY, NONE)
        : NONE;
  }

  @Override
  public void publishInfo(ComponentInfoPublisher registration) {
    registration.publishProperty(PROPERTY, getConf().getServerConf().getString(KEY, NONE));
  }

  @Override
  protected void doStart() {}

  @Override
  protected void doStop() {}

  @Override
  protected void doClose() {}
}
