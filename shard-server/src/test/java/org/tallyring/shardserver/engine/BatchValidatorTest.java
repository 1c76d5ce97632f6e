package org.tallyring.shardserver.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.Distinct;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.Morris;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordBatch;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;
import org.tallyring.topology.window.WindowLevel;

class BatchValidatorTest {

  private static final long NOW = Batches.NOON;
  private static final RangeTable TABLE = new RangeTable(4);
  private static final NamespaceDefinition SHOP =
      NamespaceDefinition.newBuilder()
          .setName("shop")
          .addMetrics(MetricDefinition.newBuilder().setName("clicks"))
          .addMetrics(MetricDefinition.newBuilder().setName("views"))
          .build();

  private final BatchValidator validator = new BatchValidator(TABLE);

  /** Keys of range 2. */
  private static final List<String> KEYS =
      IntStream.range(0, 100)
          .mapToObj(i -> "key-" + i)
          .filter(key -> TABLE.rangeOf(new KeyHash("shop").hash(Batches.bytes(key))) == 2)
          .limit(3)
          .toList();

  private static RecordBatch.Builder valid() {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("shop").setRangeId(2).addMetrics("clicks");
    return keys(batch, KEYS.get(0), KEYS.get(1), KEYS.get(2));
  }

  private static RecordBatch.Builder keys(RecordBatch.Builder batch, String... keys) {
    batch.clearKeyLengths().setKeys(ByteString.copyFromUtf8(String.join("", keys)));
    Arrays.stream(keys).forEach(key -> batch.addKeyLengths(Batches.bytes(key).length));
    return batch;
  }

  private @Nullable BatchViolation validate(RecordBatch batch, NamespaceDefinition namespace) {
    return validator.validate(batch.toByteString(), new BatchColumns(), namespace, NOW);
  }

  private BatchViolation violation(RecordBatch.Builder batch) {
    return Objects.requireNonNull(validate(batch.build(), SHOP));
  }

  private void assertStructural(RecordBatch.Builder batch, ErrorReason reason, String message) {
    BatchViolation violation = violation(batch);
    assertThat(violation.reason()).isEqualTo(reason);
    assertThat(violation.message()).isEqualTo(message);
    assertThat(message).startsWith(violation.field() + ":");
    assertThat(violation.rows()).isEmpty();
  }

  private void assertRow(
      RecordBatch.Builder batch, ErrorReason reason, String field, String message) {
    BatchViolation violation = violation(batch);
    assertThat(violation.rows()).hasSize(1);
    assertThat(violation.rows().get(0))
        .isEqualTo(new RowViolation(1, reason, field, violation.message()));
    assertThat(violation.reason()).isEqualTo(reason);
    assertThat(violation.field()).isEqualTo(field);
    assertThat(violation.message()).startsWith(message);
  }

  @Test
  void aBatchWithOrWithoutOptionalColumnsIsValid() {
    RecordBatch.Builder full =
        valid()
            .addMetrics("views")
            .addAllMetricIndexes(List.of(0, 1, 0))
            .addAllDeltas(List.of(1L, -5L, Long.MAX_VALUE))
            .setBaseTimeMillis(NOW)
            .addAllTimeOffsetsMillis(List.of(-1L, 0L, 300_000L));

    assertThat(validate(valid().build(), SHOP)).isNull();
    assertThat(validate(full.build(), SHOP)).isNull();
  }

  @Test
  void usersAreCheckedLikeKeysAndBelongToRows() {
    assertRow(
        valid().setUsers(ByteString.copyFromUtf8("annb\u0001")).addAllUserLengths(List.of(3, 2, 0)),
        ErrorReason.ERROR_REASON_BAD_USER,
        "rows[1].user",
        "user: control character U+0001 at byte 1");
    assertStructural(
        valid().setUsers(ByteString.copyFromUtf8("ann")).addAllUserLengths(List.of(3, 2, 0)),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "users: 3 bytes (expected: 5, the sum of user_lengths)");
    assertStructural(
        valid().setUsers(ByteString.copyFromUtf8("ann")).addUserLengths(3),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "user_lengths: 1 elements (expected: none, or one for each of 3 rows)");
  }

  @Test
  void aStrategySaysWhatItsRowsNeed() {
    NamespaceDefinition distinct =
        SHOP.toBuilder()
            .setMetrics(
                0, SHOP.getMetrics(0).toBuilder().setDistinct(Distinct.getDefaultInstance()))
            .build();
    RecordBatch.Builder users =
        valid().setUsers(ByteString.copyFromUtf8("annbob")).addAllUserLengths(List.of(3, 0, 3));
    BatchViolation violation = Objects.requireNonNull(validate(users.build(), distinct));
    assertThat(violation.reason()).isEqualTo(ErrorReason.ERROR_REASON_USER_REQUIRED);
    assertThat(violation.field()).isEqualTo("rows[1].user");

    NamespaceDefinition morris =
        SHOP.toBuilder()
            .setMetrics(0, SHOP.getMetrics(0).toBuilder().setMorris(Morris.getDefaultInstance()))
            .build();
    RecordBatch.Builder negative = valid().addAllDeltas(List.of(1L, -1L, 1L));
    assertThat(validate(negative.build(), SHOP)).isNull();
    violation = Objects.requireNonNull(validate(negative.build(), morris));
    assertThat(violation.message())
        .isEqualTo("delta: -1 (expected: over 0; the metric cannot take back)");
  }

  @Test
  void aBatchOfAnotherNamespaceIsRefused() {
    assertStructural(
        valid().setNamespace("other"),
        ErrorReason.ERROR_REASON_NAMESPACE_NOT_FOUND,
        "namespace: other (expected: shop)");
  }

  @Test
  void aRangeThatDoesNotExistIsRefused() {
    assertStructural(
        valid().setRangeId(4),
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
        "range_id: 4 (expected: 0..3)");
    assertStructural(
        valid().setRangeId(-1),
        ErrorReason.ERROR_REASON_RANGE_NOT_FOUND,
        "range_id: 4294967295 (expected: 0..3)");
  }

  @Test
  void tooFewAndTooManyRowsAreRefused() {
    RecordBatch.Builder many = valid().clearKeyLengths();
    many.addAllKeyLengths(Collections.nCopies(BatchValidator.MAX_ROWS + 1, 0));

    assertStructural(
        valid().clearKeyLengths(),
        ErrorReason.ERROR_REASON_BAD_SIZE,
        "key_lengths: 0 rows (expected: 1..100000)");
    assertStructural(
        many, ErrorReason.ERROR_REASON_BAD_SIZE, "key_lengths: 100001 rows (expected: 1..100000)");
  }

  @Test
  void columnsOfAnotherLengthAreRefused() {
    ErrorReason reason = ErrorReason.ERROR_REASON_BAD_BATCH;
    String rule = ": 2 elements (expected: none, or one for each of 3 rows)";
    assertStructural(valid().addAllMetricIndexes(List.of(0, 0)), reason, "metric_indexes" + rule);
    assertStructural(valid().addAllDeltas(List.of(1L, 1L)), reason, "deltas" + rule);
    assertStructural(
        valid().addAllTimeOffsetsMillis(List.of(1L, 1L)), reason, "time_offsets_millis" + rule);
    assertStructural(valid().clearMetrics(), reason, "metrics: 0 elements (expected: at least 1)");
  }

  @Test
  void keyLengthsThatDoNotAddUpAreRefusedHoweverLarge() {
    ErrorReason reason = ErrorReason.ERROR_REASON_BAD_BATCH;
    int bytes = valid().getKeys().size();
    assertStructural(
        valid().setKeyLengths(0, 1),
        reason,
        "keys: "
            + bytes
            + " bytes (expected: "
            + (bytes - KEYS.get(0).length() + 1)
            + ", the sum of key_lengths)");
    // As ints these would add up.
    assertStructural(
        keys(valid(), "abc").clearKeyLengths().addKeyLengths(-1).addKeyLengths(4),
        reason,
        "keys: 3 bytes (expected: 4294967299, the sum of key_lengths)");
  }

  @Test
  void aMetricIndexOutOfBoundsIsRefused() {
    ErrorReason reason = ErrorReason.ERROR_REASON_BAD_BATCH;
    assertStructural(
        valid().addAllMetricIndexes(List.of(0, 1, 0)),
        reason,
        "metric_indexes[1]: 1 (expected: 0..0)");
    assertStructural(
        valid().addAllMetricIndexes(List.of(0, -1, 0)),
        reason,
        "metric_indexes[1]: 4294967295 (expected: 0..0)");
  }

  @Test
  void anUnknownMetricIsRefusedOnlyWhereARowUsesIt() {
    assertRow(
        valid().addMetrics("nope").addAllMetricIndexes(List.of(0, 1, 0)),
        ErrorReason.ERROR_REASON_METRIC_NOT_FOUND,
        "rows[1].metric",
        "metric: nope (expected:");
    assertThat(validate(valid().addMetrics("nope").build(), SHOP)).isNull();
  }

  @Test
  void aBadKeyIsRefused() {
    assertRow(
        keys(valid(), KEYS.get(0), "a\nb", KEYS.get(2)),
        ErrorReason.ERROR_REASON_BAD_KEY,
        "rows[1].key",
        "key: control character");
    assertRow(
        keys(valid(), KEYS.get(0), "", KEYS.get(2)),
        ErrorReason.ERROR_REASON_BAD_KEY,
        "rows[1].key",
        "key: 0 bytes");
  }

  @Test
  void aKeyOfAnotherRangeIsRefused() {
    RecordBatch.Builder elsewhere = valid().setRangeId(1);

    assertThat(violation(elsewhere).rows())
        .extracting(RowViolation::reason)
        .containsExactlyElementsOf(
            Collections.nCopies(3, ErrorReason.ERROR_REASON_KEY_NOT_IN_RANGE));
    assertThat(violation(elsewhere).message()).isEqualTo("key: of range 2 (expected: of range 1)");
  }

  @Test
  void theRangeDependsOnTheNamespace() {
    NamespaceDefinition other = SHOP.toBuilder().setName("n-1").build();
    RecordBatch.Builder batch =
        keys(RecordBatch.newBuilder().setNamespace("n-1").addMetrics("clicks"), "key");
    int range = TABLE.rangeOf(new KeyHash("n-1").hash(Batches.bytes("key")));

    assertThat(validate(batch.setRangeId(range).build(), other)).isNull();
    assertThat(validate(valid().build(), SHOP)).isNull();
    assertThat(validate(batch.setRangeId(range).build(), other)).isNull();
  }

  @Test
  void aDeltaOfZeroOrWithoutAbsoluteValueIsRefused() {
    for (long delta : new long[] {0, Long.MIN_VALUE}) {
      assertRow(
          valid().addAllDeltas(List.of(1L, delta, 1L)),
          ErrorReason.ERROR_REASON_BAD_DELTA,
          "rows[1].delta",
          "delta: " + delta + " (expected:");
    }
  }

  @Test
  void anEventTimeOutOfBoundsIsRefused() {
    long[] bad = {
      NOW + 300_001, WindowLevel.MIN_TIME_MILLIS - 1, WindowLevel.MAX_TIME_MILLIS, Long.MAX_VALUE
    };
    for (long time : bad) {
      assertRow(
          valid().setBaseTimeMillis(0).addAllTimeOffsetsMillis(List.of(0L, time, 0L)),
          ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
          "rows[1].event_time_millis",
          "event_time_millis: " + time + " (expected:");
    }
    // The offsets count from the clock when there is no base time.
    assertRow(
        valid().addAllTimeOffsetsMillis(List.of(0L, 300_001L, 300_000L)),
        ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
        "rows[1].event_time_millis",
        "event_time_millis: " + (NOW + 300_001));
    // The sum would wrap around to a time that looks valid.
    assertRow(
        valid().setBaseTimeMillis(-2).addAllTimeOffsetsMillis(List.of(0L, Long.MIN_VALUE, 0L)),
        ErrorReason.ERROR_REASON_BAD_EVENT_TIME,
        "rows[1].event_time_millis",
        "event_time_millis: -2 + -9223372036854775808 (expected:");
  }

  @Test
  void allInvalidRowsAreNamed() {
    BatchViolation violation =
        violation(keys(valid(), "\t", KEYS.get(1), KEYS.get(2)).addAllDeltas(List.of(1L, 1L, 0L)));

    assertThat(violation.reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_KEY);
    assertThat(violation.rows()).extracting(RowViolation::row).containsExactly(0, 2);
    assertThat(violation.rows().get(1).field()).isEqualTo("rows[2].delta");
  }

  @Test
  void aSessionHasSixteenBytesAndASequenceFromOne() {
    ByteString id = Batches.session(1);

    assertThat(BatchValidator.validateSession(id, 1)).isNull();
    assertThat(BatchValidator.validateSession(id, Long.MAX_VALUE)).isNull();
    assertThat(BatchValidator.validateSession(ByteString.EMPTY, 0)).isNull();
    assertThat(BatchValidator.validateSession(id, 0))
        .extracting(violation -> Objects.requireNonNull(violation).message())
        .isEqualTo("sequence: 0 (expected: 1..9223372036854775807)");
    assertThat(BatchValidator.validateSession(id, -1))
        .extracting(violation -> Objects.requireNonNull(violation).reason())
        .isEqualTo(ErrorReason.ERROR_REASON_BAD_SESSION);
    assertThat(BatchValidator.validateSession(id.substring(1), 1))
        .extracting(violation -> Objects.requireNonNull(violation).message())
        .isEqualTo("session_id: 15 bytes (expected: 16 bytes)");
  }

  /** Garbage is refused or applied; it never throws. */
  @Property(tries = 2_000)
  void garbageNeverThrows(@ForAll long seed) {
    Random random = new Random(seed);
    RecordBatch batch = garbage(random);
    BatchViolation violation = validate(batch, SHOP);
    if (violation == null) {
      new RangeEngine(2).apply(applied(batch));
    } else {
      assertThat(violation.message()).contains("(expected: ");
      assertThat(violation.rows()).isSortedAccordingTo(Comparator.comparingInt(RowViolation::row));
    }
  }

  private static JournalEntry applied(RecordBatch batch) {
    return Batches.entry(
        Batches.batch().accepted().toBuilder().setBatch(batch.toByteString()).build());
  }

  /** A valid batch with a few random mutations, so that every depth of the checks is reached. */
  private static RecordBatch garbage(Random random) {
    RecordBatch.Builder batch = valid();
    for (int i = random.nextInt(4); i > 0; i--) {
      switch (random.nextInt(10)) {
        case 0 -> batch.setRangeId(extreme(random));
        case 1 -> batch.setKeyLengths(random.nextInt(batch.getKeyLengthsCount()), extreme(random));
        case 2 -> batch.addKeyLengths(extreme(random));
        case 3 -> batch.addMetricIndexes(extreme(random));
        case 4 -> batch.addAllMetricIndexes(List.of(0, extreme(random), 0));
        case 5 -> batch.addAllDeltas(List.of(1L, extremeLong(random), 1L));
        case 6 -> batch.setBaseTimeMillis(extremeLong(random));
        case 8 -> batch.addAllRepeats(List.of(1, extreme(random), 2));
        case 7 -> batch.addAllTimeOffsetsMillis(List.of(0L, extremeLong(random), -1L));
        default -> {
          byte[] keys = new byte[random.nextInt(30)];
          random.nextBytes(keys);
          batch.setKeys(ByteString.copyFrom(keys));
        }
      }
    }
    return batch.build();
  }

  private static int extreme(Random random) {
    return random.nextBoolean() ? random.nextInt(5) - 2 : Integer.MIN_VALUE >> random.nextInt(32);
  }

  private static long extremeLong(Random random) {
    long extreme = Long.MIN_VALUE >> random.nextInt(64);
    return random.nextBoolean() ? extreme : -(extreme + random.nextInt(3));
  }

  @Test
  void aRowStandsForOneToAMillionIncrements() {
    for (int repeats : new int[] {0, -1, 1_000_001}) {
      BatchViolation violation = violation(valid().addAllRepeats(List.of(1, repeats, 1_000_000)));

      assertThat(violation.reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_BATCH);
      assertThat(violation.field()).isEqualTo("repeats[1]");
    }
  }

  @Test
  void aRowWithAnEventIdIsOneIncrement() {
    RecordBatch.Builder batch =
        valid().setEventIds(ByteString.copyFromUtf8("x")).addAllEventIdLengths(List.of(0, 1, 0));
    assertThat(validate(batch.build(), SHOP)).isNull();
    assertThat(validate(batch.clone().addAllRepeats(List.of(5, 1, 2)).build(), SHOP)).isNull();

    BatchViolation violation = violation(batch.addAllRepeats(List.of(5, 2, 2)));

    assertThat(violation.field()).isEqualTo("repeats[1]");
  }

  @Test
  void allRepeatsTogetherMustFitIntoADelta() {
    BatchViolation violation =
        violation(
            valid()
                .addAllDeltas(List.of(1L, -(Long.MAX_VALUE / 3) - 1, 1L))
                .addAllRepeats(List.of(1, 3, 1)));

    assertThat(violation.rows()).extracting(RowViolation::row).containsExactly(1);
    assertThat(violation.reason()).isEqualTo(ErrorReason.ERROR_REASON_BAD_DELTA);
  }

  @Test
  void eventIdsOfUpToSixteenBytesAreValid() {
    RecordBatch.Builder batch =
        valid()
            .setEventIds(ByteString.copyFromUtf8("x" + "y".repeat(16)))
            .addAllEventIdLengths(List.of(1, 0, 16));
    assertThat(validate(batch.build(), SHOP)).isNull();
    assertThat(validate(valid().addAllEventIdLengths(List.of(0, 0, 0)).build(), SHOP)).isNull();
  }

  @Test
  void anEventIdOfSeventeenBytesIsRefused() {
    assertRow(
        valid()
            .setEventIds(ByteString.copyFromUtf8("x" + "y".repeat(17)))
            .addAllEventIdLengths(List.of(1, 17, 0)),
        ErrorReason.ERROR_REASON_BAD_EVENT_ID,
        "rows[1].event_id",
        "event_id: 17 bytes (expected: 1 to 16 bytes)");
  }

  @Test
  void eventIdsAndTheirLengthsMustAgree() {
    assertStructural(
        valid().addAllEventIdLengths(List.of(0, 0)),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "event_id_lengths: 2 elements (expected: none, or one for each of 3 rows)");
    assertStructural(
        valid().setEventIds(ByteString.copyFromUtf8("x")),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "event_ids: 1 bytes (expected: 0, the sum of event_id_lengths)");
    assertStructural(
        valid().setEventIds(ByteString.copyFromUtf8("xyz")).addAllEventIdLengths(List.of(1, 1, 2)),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "event_ids: 3 bytes (expected: 4, the sum of event_id_lengths)");
    // As unsigned numbers the lengths add up to 2^32; as signed ones to 0.
    assertStructural(
        valid().addAllEventIdLengths(List.of(-1, 1, 0)),
        ErrorReason.ERROR_REASON_BAD_BATCH,
        "event_ids: 0 bytes (expected: 4294967296, the sum of event_id_lengths)");
  }
}
