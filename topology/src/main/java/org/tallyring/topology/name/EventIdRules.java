package org.tallyring.topology.name;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an event id may be, 1 to {@value #MAX_LENGTH} bytes of any value, and how people write it.
 *
 * <p>A text means one id, by the first of these rules that fits:
 *
 * <ol>
 *   <li>It begins with {@code 0x}: 2 to 32 hexadecimal digits follow, two for each byte.
 *   <li>It has the form of a UUID, 8-4-4-4-12 hexadecimal digits: the 16 bytes of the UUID.
 *   <li>Otherwise the id is its UTF-8, 1 to 16 bytes.
 * </ol>
 *
 * <p>So upper and lower case make no difference in the first two and do in the third. Stateless and
 * thread-safe.
 */
public final class EventIdRules {

  /** The most bytes an event id can have. */
  public static final int MAX_LENGTH = 16;

  /** The rule for bytes, for messages. */
  public static final String RULE = "1 to " + MAX_LENGTH + " bytes";

  /** The rule for text, for messages. */
  public static final String TEXT_RULE =
      "a UUID, 0x and 2 to 32 hexadecimal digits, or a text of 1 to " + MAX_LENGTH + " bytes";

  private static final String HEX_PREFIX = "0x";
  private static final Pattern HEX = Pattern.compile("0x([0-9a-fA-F]{2}){1," + MAX_LENGTH + "}");
  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private EventIdRules() {}

  /** What is wrong with an event id of this many bytes, in a sentence; null if nothing is. */
  public static @Nullable String violation(int length) {
    return length >= 1 && length <= MAX_LENGTH
        ? null
        : "event_id: " + length + " bytes (expected: " + RULE + ")";
  }

  /** The id that a text means; null if it is none. */
  public static byte @Nullable [] parse(String text) {
    if (text.startsWith(HEX_PREFIX)) {
      return HEX.matcher(text).matches()
          ? HexFormat.of().parseHex(text, HEX_PREFIX.length(), text.length())
          : null;
    }
    if (UUID_TEXT.matcher(text).matches()) {
      return HexFormat.of().parseHex(text.replace("-", ""));
    }
    // Not more characters than bytes: a long text is not worth encoding.
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      return null;
    }
    try {
      ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[utf8.remaining()];
      utf8.get(bytes);
      return bytes.length <= MAX_LENGTH ? bytes : null;
    } catch (CharacterCodingException halfSurrogatePair) {
      return null;
    }
  }
}
