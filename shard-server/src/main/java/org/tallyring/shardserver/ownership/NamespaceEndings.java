package org.tallyring.shardserver.ownership;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.NamespaceStore;
import org.tallyring.shardserver.coordination.Versioned;

/**
 * Ends deleted namespaces in the ranges held here.
 *
 * <p>A range that is not served when a namespace is deleted cannot be told. So each range is
 * compared, too, when it begins to serve.
 *
 * <p>A namespace that vanishes from a view is looked up in the store, past every cache, before its
 * counts are dropped: a view can be incomplete while a connection comes back, and this is the one
 * place where believing it would destroy data. A namespace deleted and created again has another
 * uid.
 */
final class NamespaceEndings {

  private static final Logger log = LoggerFactory.getLogger(NamespaceEndings.class);

  private final NamespaceStore store;
  private final Supplier<Collection<OwnedRange>> held;
  private Map<Long, String> known = new HashMap<>();

  NamespaceEndings(NamespaceStore store, Supplier<Collection<OwnedRange>> held) {
    this.store = store;
    this.held = held;
  }

  synchronized void compare(ClusterView view) {
    Map<Long, String> present = new HashMap<>();
    for (NamespaceDefinition namespace : view.namespaces().values()) {
      present.put(namespace.getUid(), namespace.getName());
    }
    Map<Long, String> before = known;
    known = present;
    before.forEach(
        (uid, name) -> {
          if (!present.containsKey(uid)) {
            endIfDeleted(uid, name, held);
          }
        });
  }

  /** Ends in a range that begins to serve what was deleted while it did not. */
  void compare(OwnedRange range, ClusterView view) {
    range
        .namespaces()
        .thenAccept(
            names -> {
              if (names != null) {
                view.namespaces().values().forEach(present -> names.remove(present.getUid()));
                names.forEach((uid, name) -> endIfDeleted(uid, name, () -> List.of(range)));
              }
            });
  }

  private void endIfDeleted(long uid, String name, Supplier<Collection<OwnedRange>> ranges) {
    store
        .read(name)
        .whenComplete(
            (stored, failure) -> {
              if (failure != null) {
                log.warn(
                    "namespace {}: not known whether it was deleted, its counts stay until the next"
                        + " view",
                    name,
                    failure);
                askAgain(uid, name);
              } else if (stored.version() == Versioned.ABSENT || stored.value().getUid() != uid) {
                log.info("namespace {} ({}): deleted, its counts are dropped", name, uid);
                ranges.get().forEach(range -> range.deleteNamespace(uid));
              }
            });
  }

  private synchronized void askAgain(long uid, String name) {
    known.putIfAbsent(uid, name);
  }
}
