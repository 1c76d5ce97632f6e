package org.tallyring.shardserver.coordination;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCacheStorage;

/**
 * Storage of a Curator cache that tells of every change of its content.
 *
 * <p>The cache's own listeners are not enough: they are told nothing when a node was deleted and
 * created again while the connection was down, because both have version 0, and that is what a
 * shard's restart during an outage looks like.
 */
record ChangeTellingStorage(CuratorCacheStorage content, Runnable listener)
    implements CuratorCacheStorage {

  @Override
  public Optional<ChildData> put(ChildData data) {
    Optional<ChildData> previous = content.put(data);
    if (previous.isEmpty() || previous.get().getStat().getMzxid() != data.getStat().getMzxid()) {
      listener.run();
    }
    return previous;
  }

  @Override
  public Optional<ChildData> remove(String path) {
    Optional<ChildData> previous = content.remove(path);
    if (previous.isPresent()) {
      listener.run();
    }
    return previous;
  }

  @Override
  public Optional<ChildData> get(String path) {
    return content.get(path);
  }

  @Override
  public int size() {
    return content.size();
  }

  @Override
  public Stream<ChildData> stream() {
    return content.stream();
  }

  @Override
  public void clear() {
    content.clear();
  }
}
