package org.tallyring.topology.name;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a key may be: 1 to {@value #MAX_LENGTH} bytes of UTF-8 without control characters.
 *
 * <p>Control characters are Unicode's category Cc: U+0000-001F, U+007F and U+0080-009F. They are
 * refused because keys are written, one a line and separated by tabs, to terminals and files. UTF-8
 * is checked strictly (no overlong forms, no encoded surrogates, nothing above U+10FFFF), because
 * two spellings of one character would be two keys that look the same.
 *
 * <p>Stateless and thread-safe.
 */
public final class KeyRules {

  /** The most bytes a key can have. */
  public static final int MAX_LENGTH = 512;

  /*
   * Every increment passes here twice, in the client and in the shard, so the common case, ASCII,
   * is read 8 bytes at a time. In a word whose bytes are all below 0x80
   *   - subtracting 0x20 from each byte sets a top bit if and only if some byte is below 0x20 (only
   *     such a byte borrows, so there is no borrow without one), and
   *   - adding 1 to each byte sets a top bit if and only if some byte is 0x7F (0x80 is the largest
   *     sum, so nothing carries).
   * A word with a top bit of its own goes to the byte-wise loop as well, so the one test below is
   * exact.
   */
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long TOP_BITS = 0x8080_8080_8080_8080L;
  private static final long SPACES = 0x2020_2020_2020_2020L;
  private static final long ONES = 0x0101_0101_0101_0101L;

  private static final int MALFORMED = 0;
  private static final int CONTROL = -1;

  private static final String RULE =
      " (expected: 1-" + MAX_LENGTH + " bytes of UTF-8 without control characters)";

  private KeyRules() {}

  /**
   * What is wrong with the key in {@code bytes[offset, offset + length)}, in a sentence that names
   * the first byte at fault; null if the key is valid. Does not allocate for a valid key.
   *
   * @throws IndexOutOfBoundsException if that is not a part of the array
   */
  public static @Nullable String violation(byte[] bytes, int offset, int length) {
    return violation("key", bytes, offset, length);
  }

  /**
   * The same of anything that follows the rule for keys, such as a user.
   *
   * @param name what the sentence calls it
   * @throws IndexOutOfBoundsException if that is not a part of the array
   */
  public static @Nullable String violation(String name, byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0 || length > MAX_LENGTH) {
      return name + ": " + length + " bytes" + RULE;
    }
    int end = offset + length;
    int i = offset;
    for (; i <= end - Long.BYTES; i += Long.BYTES) {
      long word = (long) LONG.get(bytes, i);
      if (((word | (word - SPACES) | (word + ONES)) & TOP_BITS) != 0) {
        break;
      }
    }
    while (i < end) {
      int size = characterSize(bytes, i, end);
      if (size <= 0) {
        return name + ": " + describe(bytes, offset, i, size) + RULE;
      }
      i += size;
    }
    return null;
  }

  /** The bytes of the character at {@code i}, or {@link #MALFORMED}, or {@link #CONTROL}. */
  private static int characterSize(byte[] bytes, int i, int end) {
    int first = bytes[i] & 0xFF;
    if (first < 0x80) {
      return first < 0x20 || first == 0x7F ? CONTROL : 1;
    }
    // The table of well-formed sequences, Unicode standard, section 3.9, table 3-7: only the second
    // byte's bounds depend on the first byte.
    int size;
    int lowest = 0x80;
    int highest = 0xBF;
    if (first < 0xC2) {
      return MALFORMED;
    } else if (first < 0xE0) {
      size = 2;
    } else if (first < 0xF0) {
      size = 3;
      lowest = first == 0xE0 ? 0xA0 : lowest;
      highest = first == 0xED ? 0x9F : highest;
    } else if (first < 0xF5) {
      size = 4;
      lowest = first == 0xF0 ? 0x90 : lowest;
      highest = first == 0xF4 ? 0x8F : highest;
    } else {
      return MALFORMED;
    }
    if (size > end - i) {
      return MALFORMED;
    }
    int second = bytes[i + 1] & 0xFF;
    if (second < lowest || second > highest) {
      return MALFORMED;
    }
    for (int k = i + 2; k < i + size; k++) {
      if ((bytes[k] & 0xC0) != 0x80) {
        return MALFORMED;
      }
    }
    return first == 0xC2 && second < 0xA0 ? CONTROL : size;
  }

  private static String describe(byte[] bytes, int offset, int i, int fault) {
    int first = bytes[i] & 0xFF;
    String what;
    if (fault == CONTROL) {
      // The second byte of a two-byte control character equals its code point.
      int codePoint = first == 0xC2 ? bytes[i + 1] & 0xFF : first;
      what = String.format("control character U+%04X at byte %d", codePoint, i - offset);
    } else {
      what = String.format("no UTF-8 from byte %d on (0x%02X)", i - offset, first);
    }
    return what;
  }
}
