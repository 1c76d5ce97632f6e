package org.tallyring.benchmarks.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * The bytes of an increment's commands, in which only the member and the event are exchanged: a
 * copy costs a load less than putting them together. Used by one thread.
 */
final class IncrementTemplate {

  private static final String MEMBER = "m".repeat(16);
  private static final String EVENT = "e".repeat(16);
  private static final byte[] DIGITS = "0123456789abcdef".getBytes(US_ASCII);

  private final byte[] bytes;
  private final int[] memberPlaces;
  private final int[] eventPlaces;

  /**
   * The template of a recipe.
   *
   * @param scriptHash the hash of {@link Recipe#SCRIPT}
   */
  IncrementTemplate(Recipe recipe, String scriptHash) {
    ByteArrayOutputStream commands = new ByteArrayOutputStream();
    if (recipe == Recipe.SORTED_SETS) {
      for (String set : Recipe.SETS) {
        commands.writeBytes(RespConnection.encode("ZINCRBY", set, "1", MEMBER));
      }
    } else {
      commands.writeBytes(
          RespConnection.encode(
              "EVALSHA",
              scriptHash,
              "5",
              Recipe.SETS.get(0),
              Recipe.SETS.get(1),
              Recipe.SETS.get(2),
              Recipe.SETS.get(3),
              "event:" + EVENT,
              MEMBER,
              Recipe.EVENT_LIFE));
    }
    bytes = commands.toByteArray();
    memberPlaces = places(MEMBER);
    eventPlaces = places(EVENT);
  }

  private int[] places(String word) {
    String text = new String(bytes, US_ASCII);
    int[] places = new int[Recipe.SETS.size()];
    int found = 0;
    for (int at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length())) {
      places[found++] = at;
    }
    return Arrays.copyOf(places, found);
  }

  /**
   * The commands of an increment, in an array that the next call uses again.
   *
   * @param member 16 bytes
   * @param event the event's number
   */
  byte[] with(byte[] member, long event) {
    for (int place : memberPlaces) {
      System.arraycopy(member, 0, bytes, place, member.length);
    }
    for (int place : eventPlaces) {
      long left = event;
      for (int i = EVENT.length() - 1; i >= 0; i--) {
        bytes[place + i] = DIGITS[(int) (left & 0xf)];
        left >>>= 4;
      }
    }
    return bytes;
  }
}
