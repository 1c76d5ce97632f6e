package org.tallyring.shardserver.coordination;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.CuratorCacheStorage;
import org.apache.zookeeper.KeeperException.Code;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;

/**
 * The cluster as a recursive Curator cache shows it.
 *
 * <p>A change makes a view due after {@value #COALESCING_MILLIS} ms; changes until then are in the
 * same view. Views are built and given to listeners on one thread.
 *
 * <p>A member that disappears from the cache is looked up once more before a view says so. A
 * restarted shard replaces the node of its former self in one transaction, but the cache hears of
 * it as a deletion and a creation, with time between them; a view from that moment would make the
 * controller give away the ranges of a shard that is there. A deletion is reported one round trip
 * later for it.
 */
final class CuratorClusterWatch implements ClusterWatch, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(CuratorClusterWatch.class);

  private static final long COALESCING_MILLIS = 5;

  /** After how long a member is looked up again whose node exists but is not in the cache yet. */
  private static final long LOOK_AGAIN_MILLIS = 50;

  private final CuratorFramework client;
  private final Paths paths;
  private final ScheduledExecutorService executor;
  private final ViewDecoder decoder;
  private final CuratorCache cache;
  private final List<Consumer<ClusterView>> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean due = new AtomicBoolean();

  /** Members that a look-up did not find. Touched on the executor only. */
  private final Set<String> confirmedGone = new HashSet<>();

  private volatile ClusterView view;

  private CuratorClusterWatch(
      CuratorFramework client,
      Paths paths,
      ScheduledExecutorService executor,
      ClusterConfig config) {
    this.client = client;
    this.paths = paths;
    this.executor = executor;
    decoder = new ViewDecoder(paths, config);
    view = decoder.decode(List.of());
    cache =
        CuratorCache.builder(client, paths.root())
            .withStorage(
                new ChangeTellingStorage(
                    CuratorCacheStorage.standard(), () -> makeDue(COALESCING_MILLIS)))
            .build();
  }

  /** A watch whose first view is complete. */
  static CuratorClusterWatch start(
      CuratorFramework client,
      Paths paths,
      ScheduledExecutorService executor,
      ClusterConfig config,
      long timeoutMillis)
      throws Exception {
    CuratorClusterWatch watch = new CuratorClusterWatch(client, paths, executor, config);
    CountDownLatch complete = new CountDownLatch(1);
    watch
        .cache
        .listenable()
        .addListener(CuratorCacheListener.builder().forInitialized(complete::countDown).build());
    watch.cache.start();
    if (!complete.await(timeoutMillis, TimeUnit.MILLISECONDS)) {
      watch.close();
      throw new CoordinationException(
          "reading " + paths.root() + ": not done (expected: within " + timeoutMillis + " ms)");
    }
    executor.submit(watch::publish).get();
    return watch;
  }

  @Override
  public ClusterView view() {
    return view;
  }

  @Override
  public void listen(Consumer<ClusterView> listener) {
    executor.execute(
        () -> {
          listeners.add(listener);
          Listeners.call(listener, view);
        });
  }

  private void makeDue(long delayMillis) {
    if (!due.compareAndSet(false, true)) {
      return;
    }
    try {
      executor.schedule(
          () -> {
            // Cleared first: a change from here on may be missing in this view and needs another
            // one.
            due.set(false);
            publish();
          },
          delayMillis,
          TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("Closed: no more views.");
    }
  }

  private void publish() {
    ClusterView next = keepUnconfirmed(decoder.decode(cache.stream()::iterator));
    if (!next.equals(view)) {
      view = next;
      Listeners.call(listeners, next);
    }
  }

  private ClusterView keepUnconfirmed(ClusterView next) {
    confirmedGone.removeAll(next.members().keySet());
    SortedMap<String, Member> members = new TreeMap<>(next.members());
    for (Map.Entry<String, Member> former : view.members().entrySet()) {
      String id = former.getKey();
      if (!members.containsKey(id) && !confirmedGone.contains(id)) {
        members.put(id, former.getValue());
        lookUp(id);
      }
    }
    return members.size() == next.members().size()
        ? next
        : new ClusterView(
            next.config(),
            Collections.unmodifiableSortedMap(members),
            next.controller(),
            next.assignment(),
            next.ranges(),
            next.namespaces());
  }

  private void lookUp(String id) {
    try {
      client
          .checkExists()
          .inBackground(
              (ignored, event) -> {
                if (event.getResultCode() == Code.NONODE.intValue()) {
                  executor.execute(
                      () -> {
                        confirmedGone.add(id);
                        publish();
                      });
                } else {
                  makeDue(LOOK_AGAIN_MILLIS);
                }
              })
          .forPath(paths.member(id));
    } catch (Exception e) {
      log.debug("Cannot look up member {} now; trying again.", id, e);
      makeDue(LOOK_AGAIN_MILLIS);
    }
  }

  /** Ends the watch; the last view stays. */
  @Override
  public void close() {
    cache.close();
  }
}
