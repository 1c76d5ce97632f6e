package org.tallyring.topology.name;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventIdRulesTest {

  @ParameterizedTest
  @CsvSource({
    "order-17, 6f726465722d3137",
    "0x00, 00",
    "0xfF01, ff01",
    "0x000102030405060708090a0b0c0d0e0f, 000102030405060708090a0b0c0d0e0f",
    "0f8fad5b-d9cb-469f-a165-70867728950e, 0f8fad5bd9cb469fa16570867728950e",
    "0F8FAD5B-D9CB-469F-A165-70867728950E, 0f8fad5bd9cb469fa16570867728950e",
    "0X00, 30583030",
    "x0x00, 7830783030",
    "sixteen bytes ok, 7369787465656e206279746573206f6b",
    "üüüüüüüü, c3bcc3bcc3bcc3bcc3bcc3bcc3bcc3bc",
  })
  void aTextMeansOneId(String text, String hex) {
    assertThat(EventIdRules.parse(text)).isEqualTo(HexFormat.of().parseHex(hex));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0x",
        "0x0",
        "0x0g",
        "0x001",
        "0x 00",
        "0x000102030405060708090a0b0c0d0e0f10",
        "seventeen bytes !",
        "üüüüüüüü!",
        "0f8fad5b-d9cb-469f-a165-70867728950",
        "0f8fad5bd9cb469fa16570867728950e",
        "half a pair \ud800",
      })
  void whatIsNoIdIsToldApart(String text) {
    assertThat(EventIdRules.parse(text)).isNull();
  }

  @Test
  void bytesAreJudgedByTheirNumber() {
    assertThat(EventIdRules.violation(0)).isEqualTo("event_id: 0 bytes (expected: 1 to 16 bytes)");
    assertThat(EventIdRules.violation(1)).isNull();
    assertThat(EventIdRules.violation("sixteen bytes ok".getBytes(StandardCharsets.UTF_8).length))
        .isNull();
    assertThat(EventIdRules.violation(17))
        .isEqualTo("event_id: 17 bytes (expected: 1 to 16 bytes)");
  }
}
