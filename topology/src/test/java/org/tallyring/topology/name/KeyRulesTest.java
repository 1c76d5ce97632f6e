package org.tallyring.topology.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyRulesTest {

  private static final String RULE = " (expected: 1-512 bytes of UTF-8 without control characters)";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "product-1",
        "/index.html?q=1",
        "a b",
        "~",
        " ",
        "käse",
        "\u00a0",
        "\u07ff",
        "\u0800",
        "商品",
        "\ud7ff",
        "\ue000",
        "\ufeff",
        "\uffff",
        "🙂",
        "\ud800\udc00",
        "\udbff\udfff",
        "exactly8",
        "exactly-16-bytes",
        "then-umlaut-after-the-fast-part-ü"
      })
  void textIsAKey(String key) {
    assertThat(violation(key.getBytes(StandardCharsets.UTF_8))).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    // Too few or too many bytes to begin a character, or continuation bytes alone.
    "80,                   no UTF-8 from byte 0 on (0x80)",
    "61bf,                 no UTF-8 from byte 1 on (0xBF)",
    "fe,                   no UTF-8 from byte 0 on (0xFE)",
    "ff,                   no UTF-8 from byte 0 on (0xFF)",
    "f8888080 80,          no UTF-8 from byte 0 on (0xF8)",
    // Overlong: /, U+007F, U+07FF, U+FFFF with a byte more than needed; U+0000 as modified UTF-8.
    "c0af,                 no UTF-8 from byte 0 on (0xC0)",
    "c080,                 no UTF-8 from byte 0 on (0xC0)",
    "c1bf,                 no UTF-8 from byte 0 on (0xC1)",
    "e080af,               no UTF-8 from byte 0 on (0xE0)",
    "e09fbf,               no UTF-8 from byte 0 on (0xE0)",
    "f08080af,             no UTF-8 from byte 0 on (0xF0)",
    "f08fbfbf,             no UTF-8 from byte 0 on (0xF0)",
    // Encoded surrogates: the first and the last, and a pair of them (CESU-8).
    "eda080,               no UTF-8 from byte 0 on (0xED)",
    "edbfbf,               no UTF-8 from byte 0 on (0xED)",
    "eda0bdedb982,         no UTF-8 from byte 0 on (0xED)",
    // Above U+10FFFF.
    "f4908080,             no UTF-8 from byte 0 on (0xF4)",
    "f5808080,             no UTF-8 from byte 0 on (0xF5)",
    // Cut off.
    "61c3,                 no UTF-8 from byte 1 on (0xC3)",
    "61e2,                 no UTF-8 from byte 1 on (0xE2)",
    "61e282,               no UTF-8 from byte 1 on (0xE2)",
    "61f09f9982f09f99,     no UTF-8 from byte 5 on (0xF0)",
    "f09f,                 no UTF-8 from byte 0 on (0xF0)",
    // Cut off, and another character begins.
    "e28261,               no UTF-8 from byte 0 on (0xE2)",
    "c3c3bc,               no UTF-8 from byte 0 on (0xC3)",
    // Control characters: C0, DEL, C1, within and after the part that is read in words.
    "00,                   control character U+0000 at byte 0",
    "61620a,               control character U+000A at byte 2",
    "1f,                   control character U+001F at byte 0",
    "7f,                   control character U+007F at byte 0",
    "c280,                 control character U+0080 at byte 0",
    "61c285,               control character U+0085 at byte 1",
    "c29f,                 control character U+009F at byte 0",
    "6162636465660968,     control character U+0009 at byte 6",
    "616263646566677f,     control character U+007F at byte 7",
    "61626364656667686162636465666700, control character U+0000 at byte 15",
  })
  void theFirstByteAtFaultIsNamed(String hex, String what) {
    byte[] key = HexFormat.of().parseHex(hex.replace(" ", ""));
    assertThat(violation(key)).isEqualTo("key: " + what + RULE);
  }

  @Test
  void theLengthIsCountedInBytes() {
    byte[] longest = new byte[512];
    Arrays.fill(longest, (byte) 'x');
    assertThat(violation(longest)).isNull();
    assertThat(violation(Arrays.copyOf(longest, 513))).isEqualTo("key: 513 bytes" + RULE);
    assertThat(violation("ü".repeat(256).getBytes(StandardCharsets.UTF_8))).isNull();
    assertThat(violation("ü".repeat(257).getBytes(StandardCharsets.UTF_8)))
        .isEqualTo("key: 514 bytes" + RULE);
    assertThat(violation(new byte[0])).isEqualTo("key: 0 bytes" + RULE);
  }

  @Test
  void everyByteIsJudgedAlikeInEveryPlaceOfAWord() {
    for (int value = 0; value < 0x80; value++) {
      for (int place = 0; place < 24; place++) {
        byte[] key = "abcdefghijklmnopqrstuvwx".getBytes(StandardCharsets.US_ASCII);
        key[place] = (byte) value;
        if (Character.isISOControl(value)) {
          assertThat(violation(key)).contains("at byte " + place);
        } else {
          assertThat(violation(key)).isNull();
        }
      }
    }
  }

  @Test
  void whatLiesAroundTheKeyDoesNotMatter() {
    byte[] array = HexFormat.of().parseHex("c3" + "6162" + "bc00");
    assertThat(KeyRules.violation(array, 1, 2)).isNull();
    assertThat(KeyRules.violation(array, 0, 1)).contains("byte 0");
    assertThat(KeyRules.violation(array, 1, 3)).contains("byte 2");
    assertThatThrownBy(() -> KeyRules.violation(array, 4, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Property(tries = 20_000)
  void agreesWithTheDecoderOfTheJdk(
      @ForAll("nearlyText") byte[] key, @ForAll @IntRange(max = 9) int offset) {
    byte[] array = new byte[offset + key.length + 3];
    System.arraycopy(key, 0, array, offset, key.length);
    assertThat(KeyRules.violation(array, offset, key.length) == null)
        .isEqualTo(isTextWithoutControls(key));
  }

  /** Pieces of text and of what resembles it, since random bytes are hardly ever UTF-8. */
  @Provide
  Arbitrary<byte[]> nearlyText() {
    Arbitrary<byte[]> ascii =
        Arbitraries.strings()
            .withCharRange(' ', '~')
            .ofMaxLength(20)
            .map(text -> text.getBytes(StandardCharsets.UTF_8));
    Arbitrary<byte[]> characters =
        Arbitraries.integers()
            .between(0, Character.MAX_CODE_POINT)
            .map(c -> Character.toString(c).getBytes(StandardCharsets.UTF_8));
    Arbitrary<byte[]> lowCharacters =
        Arbitraries.integers()
            .between(0, 0x120)
            .map(c -> Character.toString(c).getBytes(StandardCharsets.UTF_8));
    Arbitrary<byte[]> bytes = Arbitraries.bytes().map(b -> new byte[] {b});
    Arbitrary<byte[]> leadAndContinuations =
        Arbitraries.bytes()
            .between((byte) 0xC0, (byte) 0xF7)
            .flatMap(
                lead ->
                    Arbitraries.bytes()
                        .between((byte) 0x80, (byte) 0xBF)
                        .array(byte[].class)
                        .ofMinSize(1)
                        .ofMaxSize(3)
                        .map(rest -> concatenation(new byte[] {lead}, rest)));
    return Arbitraries.frequencyOf(
            Tuple.of(6, ascii),
            Tuple.of(4, characters),
            Tuple.of(1, lowCharacters),
            Tuple.of(1, bytes),
            Tuple.of(1, leadAndContinuations))
        .list()
        .ofMinSize(1)
        .ofMaxSize(5)
        .map(parts -> parts.stream().reduce(new byte[0], KeyRulesTest::concatenation));
  }

  private static byte[] concatenation(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static boolean isTextWithoutControls(byte[] key) {
    if (key.length == 0 || key.length > 512) {
      return false;
    }
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key));
      return text.chars().noneMatch(Character::isISOControl);
    } catch (CharacterCodingException notUtf8) {
      return false;
    }
  }

  private static @Nullable String violation(byte[] key) {
    return KeyRules.violation(key, 0, key.length);
  }
}
