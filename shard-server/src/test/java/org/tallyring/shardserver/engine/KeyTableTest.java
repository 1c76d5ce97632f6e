package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.tallyring.shardserver.engine.Batches.bytes;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.tallyring.topology.hash.KeyHash;

class KeyTableTest {

  private static final String NAMESPACE = "shop";

  private final KeyTable table = new KeyTable(NAMESPACE);

  private int add(byte[] key) {
    return table.slotOfAdded(key, 0, key.length);
  }

  @Test
  void slotsFollowTheOrderOfArrivalAndStay() {
    int keys = 20_000;
    for (int i = 0; i < keys; i++) {
      assertThat(add(key(i))).isEqualTo(i);
    }
    for (int i = 0; i < keys; i++) {
      assertThat(add(key(i))).isEqualTo(i);
      assertThat(table.slotOf(key(i))).isEqualTo(i);
      assertThat(table.key(i)).isEqualTo(key(i));
    }
    assertThat(table.size()).isEqualTo(keys);
    assertThat(table.slotOf(bytes("none"))).isEqualTo(KeyTable.NO_SLOT);
    assertThat(table.size()).isEqualTo(keys);
  }

  /** Of every length up to the longest, so that keys end everywhere in pages and chunks. */
  private static byte[] key(int number) {
    return bytes("k".repeat(number % 500) + number);
  }

  @Test
  void keysWhoseHashesLookTheSameInTheTableAreToldApart() {
    byte[][] alike = keysOfOneTag();
    byte[] first = alike[0];
    byte[] second = alike[1];
    Batches batch = Batches.batch();
    for (byte[] key : new byte[][] {first, second, first, second}) {
      batch.row(new String(key, StandardCharsets.UTF_8), 1);
    }
    RowBlock rows = new RowBlock();
    rows.load(Batches.columns(batch.accepted()), 0, 0, 0, 0);
    table.resolve(rows);
    assertThat(rows.slots).startsWith(0, 1, 0, 1);
    table.resolve(rows);
    assertThat(rows.slots).startsWith(0, 1, 0, 1);
    assertThat(table.slotOf(first)).isZero();
    assertThat(table.slotOf(second)).isEqualTo(1);
  }

  /** Two keys that share the 32 bits of hash that the table keeps: about eight pairs among 2^18. */
  private static byte[][] keysOfOneTag() {
    KeyHash hash = new KeyHash(NAMESPACE);
    Map<Integer, byte[]> byTag = new HashMap<>();
    for (int i = 0; i < 1 << 18; i++) {
      byte[] key = bytes("product-" + i);
      byte[] alike = byTag.put((int) hash.hash(key), key);
      if (alike != null) {
        return new byte[][] {alike, key};
      }
    }
    throw new AssertionError("no two keys of one tag");
  }

  @Test
  void keysCompareAsUnsignedBytes() {
    int a = add(bytes("a"));
    int ab = add(bytes("ab"));
    int umlaut = add(bytes("\u00fc"));

    assertThat(table.compareKeys(a, ab)).isNegative();
    assertThat(table.compareKeys(umlaut, ab)).isPositive();
    assertThat(table.compareKeys(ab, ab)).isZero();
  }

  @Test
  void prefixesOrderLikeKeysWhereverAKeyEndsInItsChunk() {
    // The first chunk has 512 bytes and doubles, so that keys of every length end at its end.
    for (int i = 0; i < 3_000; i++) {
      add(bytes((i % 3 == 0 ? "" : "\u00fcber") + Integer.toString(i, 2 + i % 30)));
    }
    for (int slot = 1; slot < table.size(); slot++) {
      int byPrefix = Long.compare(table.keyPrefix(slot - 1), table.keyPrefix(slot));
      int byKey = Integer.signum(table.compareKeys(slot - 1, slot));
      byte[] start = Arrays.copyOf(table.key(slot), Long.BYTES);
      assertThat(table.keyPrefix(slot) ^ Long.MIN_VALUE)
          .isEqualTo(ByteBuffer.wrap(start).getLong());
      if (byPrefix != 0) {
        assertThat(byPrefix).isEqualTo(byKey);
      }
    }
  }

  @Test
  void aKeyLongerThanAChunkIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> add(new byte[70_000]))
        .withMessage("key length: 70000 (expected: at most 65534)");
  }

  @Property(tries = 200)
  void keysOfAllLengthsCompareAsUnsignedBytes(
      @ForAll List<@StringLength(min = 1, max = 40) @CharRange(from = 'a', to = 'c') String> keys) {
    for (String key : keys) {
      add(bytes(key));
    }
    for (int slot = 1; slot < table.size(); slot++) {
      assertThat(Integer.signum(table.compareKeys(slot - 1, slot)))
          .isEqualTo(Integer.signum(Arrays.compareUnsigned(table.key(slot - 1), table.key(slot))));
    }
  }

  @Test
  void frozenKeysStayWhileOthersAreAdded() {
    for (int i = 0; i < 10; i++) {
      add(key(i * 10));
    }
    KeyStore frozen = table.frozenKeys();
    for (int i = 10; i < 10_000; i++) {
      add(key(i * 10));
    }
    for (int i = 0; i < 10; i++) {
      assertThat(frozen.get(i)).isEqualTo(key(i * 10));
    }
  }
}
