package org.tallyring.shardserver.engine;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.util.Arrays;

/**
 * Counts that rest, compressed: rising slots as the varint of their distance, each followed by the
 * zigzag varint of its count, all in one array. Most counts of a quiet bucket take 2 to 4 bytes,
 * against 8 in a page and 16 to 32 in a table.
 *
 * <p>Nearly all buckets of a range are in the past: of a day by the minute all but the last ten
 * minutes, of forty days by the hour all but the last hour or two. They are read, in one sweep for
 * a span or by key for a series, and hardly ever written. So a sweep decodes about as fast as
 * memory delivers, and an index with one entry for each {@value #BLOCK} counts, an eighth of a byte
 * per count, makes a look-up one binary search and half a block.
 *
 * <p>Nothing can be added in place: {@link #add} has no room for anything, as a table that is full,
 * and the bucket then takes a larger form.
 */
final class SealedCounts implements ExactCounts {

  private static final int BLOCK = 64;

  private static final int MAX_ENTRY_BYTES = 5 + 10;

  private final byte[] bytes;
  private final int size;

  /** For each block, its first slot, which the bytes leave out. */
  private final int[] firstSlots;

  /** For each block, where its bytes start. */
  private final int[] offsets;

  private final int highestSlot;

  private SealedCounts(Encoder encoder) {
    bytes = Arrays.copyOf(encoder.bytes, encoder.length);
    size = encoder.size;
    int blocks = (size + BLOCK - 1) / BLOCK;
    firstSlots = Arrays.copyOf(encoder.firstSlots, blocks);
    offsets = Arrays.copyOf(encoder.offsets, blocks);
    highestSlot = encoder.lastSlot;
  }

  /** The sealed form of counts. */
  static SealedCounts of(SlotCounts counts) {
    Encoder encoder = new Encoder();
    counts.forEachRising(encoder);
    return new SealedCounts(encoder);
  }

  /**
   * The sealing of counts in steps, so that it stops nobody for long; they must not change until it
   * is done.
   */
  static final class Sealing {

    private final PagedCounts counts;
    private final Encoder encoder = new Encoder();
    private int nextPage;

    /** Nothing sealed yet. */
    Sealing(PagedCounts counts) {
      this.counts = counts;
    }

    /**
     * Seals some more, about so many.
     *
     * @return how many
     */
    int advance(int limit) {
      int before = encoder.size;
      while (!isDone() && encoder.size - before < limit) {
        counts.forEachRising(nextPage++, encoder);
      }
      return encoder.size - before;
    }

    boolean isDone() {
      return nextPage >= counts.pages();
    }

    /** The sealed form of all. */
    SealedCounts sealed() {
      return new SealedCounts(encoder);
    }
  }

  @Override
  public int size() {
    return size;
  }

  /** The highest slot, or -1. */
  int highestSlot() {
    return highestSlot;
  }

  @Override
  public int add(int[] slots, long[] deltas, int from, int to) {
    return from;
  }

  @Override
  public long get(int slot) {
    int block = Arrays.binarySearch(firstSlots, slot);
    block = block < 0 ? -block - 2 : block;
    if (block < 0 || slot > highestSlot) {
      return 0;
    }
    Cursor cursor = new Cursor(bytes, offsets[block]);
    int at = firstSlots[block];
    for (int left = sizeOf(block); left > 0; left--) {
      long count = cursor.next();
      if (at == slot) {
        return CodedInputStream.decodeZigZag64(count);
      }
      if (at > slot || left == 1) {
        break;
      }
      at += (int) cursor.next();
    }
    return 0;
  }

  @Override
  public int forEach(long lowest, Consumer consumer) {
    int[] slots = new int[BLOCK];
    long[] counts = new long[BLOCK];
    int lower = 0;
    for (int block = 0; block < firstSlots.length; block++) {
      int loaded = load(block, slots, counts);
      for (int i = 0; i < loaded; i++) {
        if (counts[i] >= lowest) {
          consumer.accept(slots[i], counts[i]);
        } else {
          lower++;
        }
      }
    }
    return lower;
  }

  @Override
  public void addTo(CountSum sum, int sign) {
    int[] slots = new int[BLOCK];
    long[] counts = new long[BLOCK];
    for (int block = 0; block < firstSlots.length; block++) {
      sum.add(slots, counts, load(block, slots, counts), sign);
    }
  }

  @Override
  public SealedCounts frozen() {
    return this;
  }

  @Override
  public long bytes() {
    return bytes.length + (long) offsets.length * (Integer.BYTES + Integer.BYTES);
  }

  private int sizeOf(int block) {
    return Math.min(BLOCK, size - block * BLOCK);
  }

  private int load(int block, int[] slots, long[] counts) {
    int loaded = sizeOf(block);
    Cursor cursor = new Cursor(bytes, offsets[block]);
    int slot = firstSlots[block];
    for (int i = 0; i < loaded; i++) {
      slot += i == 0 ? 0 : (int) cursor.next();
      slots[i] = slot;
      counts[i] = CodedInputStream.decodeZigZag64(cursor.next());
    }
    return loaded;
  }

  /** Reads varints one after the other. */
  private static final class Cursor {
    private final byte[] bytes;
    private int at;

    Cursor(byte[] bytes, int at) {
      this.bytes = bytes;
      this.at = at;
    }

    long next() {
      long value = 0;
      int shift = 0;
      byte part = bytes[at++];
      while (part < 0) {
        value |= (part & 0x7FL) << shift;
        shift += 7;
        part = bytes[at++];
      }
      return value | (long) part << shift;
    }
  }

  /** Takes counts by rising slot. */
  private static final class Encoder implements Consumer {
    private byte[] bytes = new byte[BLOCK];
    private int length;
    private int[] firstSlots = new int[1];
    private int[] offsets = new int[1];
    private int size;
    private int lastSlot = -1;

    @Override
    public void accept(int slot, long count) {
      if (bytes.length - length < MAX_ENTRY_BYTES) {
        bytes = Arrays.copyOf(bytes, bytes.length * 2);
      }
      if (size % BLOCK == 0) {
        begin(size / BLOCK, slot);
      } else {
        write(slot - lastSlot);
      }
      write(CodedOutputStream.encodeZigZag64(count));
      lastSlot = slot;
      size++;
    }

    private void begin(int block, int slot) {
      if (block == offsets.length) {
        firstSlots = Arrays.copyOf(firstSlots, block * 2);
        offsets = Arrays.copyOf(offsets, block * 2);
      }
      firstSlots[block] = slot;
      offsets[block] = length;
    }

    private void write(long value) {
      long left = value;
      while ((left & ~0x7FL) != 0) {
        bytes[length++] = (byte) (left | 0x80);
        left >>>= 7;
      }
      bytes[length++] = (byte) left;
    }
  }
}
