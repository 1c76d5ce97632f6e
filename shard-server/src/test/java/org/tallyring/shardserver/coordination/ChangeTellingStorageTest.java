package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCacheStorage;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.Test;

final class ChangeTellingStorageTest {

  private final AtomicInteger changes = new AtomicInteger();
  private final ChangeTellingStorage storage =
      new ChangeTellingStorage(CuratorCacheStorage.standard(), changes::incrementAndGet);

  /** A node as it is after the transaction of a number; of version 0, as a new one is. */
  private static ChildData node(long transaction) {
    Stat stat = new Stat();
    stat.setMzxid(transaction);
    return new ChildData("/member", stat, new byte[0]);
  }

  @Test
  void aNodeThatWasMadeAnewIsAChangeAlthoughItsVersionIsTheSame() {
    storage.put(node(1));
    storage.put(node(2));

    assertThat(changes).hasValue(2);
    assertThat(storage.get("/member")).contains(node(2));
  }

  @Test
  void aNodeThatIsReadAgainIsNoChange() {
    storage.put(node(1));
    storage.put(node(1));

    assertThat(changes).hasValue(1);
  }

  @Test
  void aNodeThatGoesIsAChangeOnce() {
    storage.put(node(1));
    storage.remove("/member");
    storage.remove("/member");

    assertThat(changes).hasValue(2);
    assertThat(storage.size()).isZero();
  }
}
