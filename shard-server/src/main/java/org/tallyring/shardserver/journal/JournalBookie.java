package org.tallyring.shardserver.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.apache.bookkeeper.bookie.BookieException;
import org.apache.bookkeeper.bookie.BookieResources;
import org.apache.bookkeeper.common.component.LifecycleComponentStack;
import org.apache.bookkeeper.conf.ServerConfiguration;
import org.apache.bookkeeper.discover.RegistrationManager;
import org.apache.bookkeeper.meta.LayoutManager;
import org.apache.bookkeeper.meta.MetadataBookieDriver;
import org.apache.bookkeeper.net.BookieId;
import org.apache.bookkeeper.server.EmbeddedServer;
import org.apache.bookkeeper.server.conf.BookieConfiguration;
import org.apache.bookkeeper.stats.NullStatsLogger;
import org.apache.zookeeper.KeeperException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bookie: the server that keeps copies of journals on its disk. It is BookKeeper's own, with keys
 * for a small and well-behaved one, in this process. Thread-safe.
 */
public final class JournalBookie implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(JournalBookie.class);

  private static final String LOCK_FILE = "bookie.lock";
  private static final Duration METADATA_LIMIT = Duration.ofSeconds(10);
  private static final Duration METADATA_POLL = Duration.ofMillis(20);

  private final BookieSettings settings;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private volatile boolean stopping;

  private JournalBookie(BookieSettings settings) {
    this.settings = settings;
  }

  /**
   * Starts a bookie and returns when it is registered and takes entries. Sets up the metadata of
   * all bookies if this is the first one ever.
   *
   * @throws IllegalStateException if it cannot start, for instance because another process uses the
   *     directory, or because the directory belongs to a bookie with another id
   */
  public static JournalBookie start(BookieSettings settings) {
    JournalBookie bookie = new JournalBookie(settings);
    try {
      bookie.run();
      return bookie;
    } catch (Exception e) {
      bookie.close();
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw new IllegalStateException(
          "Bookie %s in %s did not start: %s"
              .formatted(settings.id(), settings.directory(), e.getMessage()),
          e);
    }
  }

  /** Its name. */
  public String id() {
    return settings.id();
  }

  /**
   * Completes when it has stopped: normally after {@link #close}, exceptionally when it died by
   * itself, for instance because its disk failed.
   */
  public CompletableFuture<Void> stopped() {
    return stopped.copy();
  }

  private void run() throws Exception {
    boolean used = Files.exists(settings.directory().resolve("ledgers/current/VERSION"));
    Files.createDirectories(settings.directory());
    lock(settings.directory().resolve(LOCK_FILE));
    ServerConfiguration keys = BookieConfigurationKeys.of(settings);
    MetadataBookieDriver metadata =
        opened(BookieResources.createMetadataDriver(keys, NullStatsLogger.INSTANCE));
    RegistrationManager registration = opened(metadata.createRegistrationManager());
    setUpMetadata(metadata.getLayoutManager(), registration);
    if (used && settings.replaceStaleRegistration()) {
      removeStaleRegistration(registration);
    }
    EmbeddedServer server =
        EmbeddedServer.builder(new BookieConfiguration(keys))
            .metadataDriver(metadata)
            .registrationManager(registration)
            .build();
    LifecycleComponentStack components = server.getLifecycleComponentStack();
    opened(components::close);
    components.setExceptionHandler((thread, failure) -> died(failure));
    components.start();
    if (!server.getBookieService().getServer().isRunning()) {
      throw new IllegalStateException("its storage failed; see the log before this");
    }
    if (settings.autoRecovery()) {
      opened(CopyRecovery.start(keys));
    }
  }

  /**
   * Writes what all bookies share, if this is the first one ever. The bookies of a new cluster are
   * started together, and BookKeeper does this in two steps, of which only one bookie gets through
   * the first and writes the layout in the second; the others wait for it. If the layout does not
   * come, because that bookie died in between, the bookie's own start writes it.
   */
  private static void setUpMetadata(LayoutManager layouts, RegistrationManager registration)
      throws Exception {
    long giveUpAt = System.nanoTime() + METADATA_LIMIT.toNanos();
    boolean tried = false;
    while (layouts.readLedgerLayout() == null && System.nanoTime() - giveUpAt < 0) {
      if (!tried) {
        tried = true;
        try {
          registration.initNewCluster();
        } catch (KeeperException.NodeExistsException raced) {
          log.info("Another bookie sets up the metadata of the cluster; waiting for it");
        }
      } else {
        LockSupport.parkNanos(METADATA_POLL.toNanos());
      }
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    resources.push(resource);
    return resource;
  }

  private void lock(Path file) throws IOException {
    FileChannel channel =
        opened(FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    try {
      if (channel.tryLock() == null) {
        throw new IllegalStateException("another process uses the directory");
      }
    } catch (OverlappingFileLockException e) {
      throw new IllegalStateException("another bookie in this process uses the directory", e);
    }
  }

  /**
   * After a crash the former registration stays until its session ends. The directory is locked by
   * this process and has been a bookie's before, so the bookie of that registration is gone.
   */
  private void removeStaleRegistration(RegistrationManager registration) throws BookieException {
    BookieId id = BookieId.parse(settings.id());
    if (!registration.isBookieRegistered(id)) {
      return;
    }
    try {
      registration.unregisterBookie(id, false);
    } catch (BookieException.MetadataStoreException notWritable) {
      log.debug("Bookie {} was registered read-only", id, notWritable);
      registration.unregisterBookie(id, true);
    }
  }

  private void died(Throwable failure) {
    if (!stopping && stopped.completeExceptionally(failure)) {
      log.error(
          "Bookie {} has stopped by itself; check the disk of {} and restart it",
          settings.id(),
          settings.directory(),
          failure);
    }
  }

  /** Stops it. The copies that it keeps are out of reach until it is started again. */
  @Override
  public synchronized void close() {
    stopping = true;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception e) {
        log.info("Bookie {} did not stop cleanly: {}", settings.id(), e.toString());
      }
    }
    stopped.complete(null);
  }
}
