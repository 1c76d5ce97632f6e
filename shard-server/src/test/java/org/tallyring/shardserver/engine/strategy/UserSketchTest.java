package org.tallyring.shardserver.engine.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class UserSketchTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100, 5000, 100_000})
  void theNumberIsWithinThreeStandardErrors(int users) {
    UserSketch sketch = new UserSketch(UserSketch.DEFAULT_LOG2_REGISTERS);
    for (int i = 0; i < users; i++) {
      sketch.add(user(i));
      sketch.add(user(i / 2));
    }
    double bound = 3 * UserSketch.standardError(UserSketch.DEFAULT_LOG2_REGISTERS) * users;
    assertThat((double) sketch.users()).isCloseTo(users, within(bound));
  }

  @Test
  void aUnionCountsCommonUsersOnce() {
    UserSketch first = new UserSketch(12);
    UserSketch second = new UserSketch(12);
    for (int i = 0; i < 30_000; i++) {
      first.add(user(i));
      second.add(user(i + 15_000));
    }
    assertThat((double) UserSketch.users(12, List.of(first, second)))
        .isCloseTo(45_000, within(45_000 * 3 * 0.01625));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 12})
  void theStoredFormGoesOnBitByBit(int log2Registers) {
    Random random = new Random(log2Registers);
    UserSketch original = new UserSketch(log2Registers);
    UserSketch reloaded = new UserSketch(log2Registers);
    for (int i = 0; i < 20_000; i++) {
      byte[] user = user(random.nextInt(1 + i));
      original.add(user);
      reloaded.add(user);
      if (random.nextInt(1 + i / 10) == 0) {
        reloaded = UserSketch.fromBytes(reloaded.toBytes());
      }
      if (i % 100 == 0) {
        assertThat(reloaded.toBytes()).isEqualTo(original.toBytes());
      }
    }
    assertThat(reloaded.toBytes()).isEqualTo(original.toBytes());
    assertThat(reloaded.users()).isEqualTo(original.users());
  }

  @Test
  void damagedBytesAreRefused() {
    ByteString bytes = new UserSketch(12).toBytes();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UserSketch.fromBytes(bytes.substring(0, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UserSketch.fromBytes(ByteString.copyFrom(new byte[40])));
  }

  private static byte[] user(int number) {
    return ("user-" + number).getBytes(StandardCharsets.UTF_8);
  }
}
