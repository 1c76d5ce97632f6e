package org.tallyring.aggregator.web;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Strict percent-decoding. The framework's own decoder puts replacement characters where it finds
 * no UTF-8, which for a key would mean another key.
 */
final class PercentDecoder {

  private PercentDecoder() {}

  /** The bytes meant; null if there is a '%' without two hexadecimal digits after it. */
  static byte @Nullable [] bytes(String encoded, boolean plusIsSpace) {
    byte[] raw = encoded.getBytes(StandardCharsets.UTF_8);
    ByteBuffer decoded = ByteBuffer.allocate(raw.length);
    for (int i = 0; i < raw.length; i++) {
      if (raw[i] == '%') {
        int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
        int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
        if (high < 0 || low < 0) {
          return null;
        }
        decoded.put((byte) (high << 4 | low));
        i += 2;
      } else {
        decoded.put(plusIsSpace && raw[i] == '+' ? (byte) ' ' : raw[i]);
      }
    }
    byte[] bytes = new byte[decoded.position()];
    decoded.flip().get(bytes);
    return bytes;
  }

  /** The text meant; null if it is not percent-encoded UTF-8. */
  static @Nullable String text(String encoded, boolean plusIsSpace) {
    byte[] bytes = bytes(encoded, plusIsSpace);
    if (bytes == null) {
      return null;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notUtf8) {
      return null;
    }
  }

  /** The UTF-8 of a text; null if it holds half a surrogate pair, for which there is none. */
  static byte @Nullable [] utf8(String text) {
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException halfAPair) {
      return null;
    }
  }
}
