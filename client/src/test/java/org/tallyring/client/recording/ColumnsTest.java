package org.tallyring.client.recording;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.tallyring.client.Increment;
import org.tallyring.proto.v1.RecordBatch;

final class ColumnsTest {

  private static final String[] METRICS = {"clicks", "views", "purchases"};

  @Test
  void rowsThatAreAllAlikeLeaveTheirColumnsEmpty() {
    Columns columns = new Columns(false);
    append(columns, Increment.of("clicks", "a"));
    append(columns, Increment.of("clicks", "bcd"));

    RecordBatch message = message(columns, "shop", 3, 9);

    assertThat(message)
        .isEqualTo(
            RecordBatch.newBuilder()
                .setNamespace("shop")
                .setRangeId(3)
                .setSequence(9)
                .addMetrics("clicks")
                .setKeys(ByteString.copyFromUtf8("abcd"))
                .addKeyLengths(1)
                .addKeyLengths(3)
                .build());
  }

  @Test
  void theFirstEventIdMakesAColumnInWhichRowsWithoutOneAreEmpty() {
    Columns columns = new Columns(false);
    append(columns, Increment.of("clicks", "a"));
    append(columns, Increment.builder("clicks", "a").eventId(new byte[] {1, 0}).build());
    append(columns, Increment.of("clicks", "a"));

    RecordBatch message = message(columns, "shop", 0, 1);

    assertThat(message.getEventIds()).isEqualTo(ByteString.copyFrom(new byte[] {1, 0}));
    assertThat(message.getEventIdLengthsList()).containsExactly(0, 2, 0);
    assertThat(message.getKeyLengthsCount()).isEqualTo(3);
  }

  @Test
  void theFirstTimeIsTheBaseOfAll() {
    Columns columns = new Columns(true);
    append(columns, Increment.builder("clicks", "a").eventTimeMillis(1000).build());
    append(columns, Increment.builder("clicks", "a").eventTimeMillis(990).build());

    RecordBatch message = message(columns, "shop", 0, 1);

    assertThat(message.getBaseTimeMillis()).isEqualTo(1000);
    assertThat(message.getTimeOffsetsMillisList()).containsExactly(0L, -10L);
  }

  @Property
  void noRowChangesOnItsWayThroughTheColumns(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 300) int rows,
      @ForAll boolean timed,
      @ForAll boolean identified) {
    Random random = new Random(seed);
    List<Increment> increments = new ArrayList<>();
    Columns columns = new Columns(timed);
    BitSet dropped = new BitSet();
    for (int i = 0; i < rows; i++) {
      increments.add(randomIncrement(random, timed, identified));
      append(columns, increments.get(i));
      dropped.set(i, random.nextInt(4) == 0);
    }
    assertThat(columns.examples()).isEqualTo(increments);
    assertThat(message(columns, "shop", 200, 1L << 40)).isEqualTo(expected(increments, timed));

    List<Increment> kept = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      if (!dropped.get(i)) {
        kept.add(increments.get(i));
      }
    }
    Columns rest = columns.without(dropped);
    assertThat(rest.examples()).isEqualTo(kept);
    assertThat(rest.rows()).isEqualTo(kept.size());
  }

  @Test
  void incrementsAlikeAreOneRow() {
    Columns columns = new Columns(false);
    append(columns, Increment.of("clicks", "a"));
    append(columns, Increment.builder("clicks", "b").delta(-2).build());
    byte[] b = {'b'};
    assertThat(columns.isRow(1, "clicks", b, -2, Columns.UNTIMED)).isTrue();
    assertThat(columns.isRow(1, "clicks", b, 2, Columns.UNTIMED)).isFalse();
    assertThat(columns.isRow(1, "views", b, -2, Columns.UNTIMED)).isFalse();
    assertThat(columns.isRow(0, "clicks", b, 1, Columns.UNTIMED)).isFalse();
    assertThat(columns.isRow(1, "clicks", b, -2, 0)).isFalse();

    assertThat(columns.repeat(1)).isEqualTo(2);
    assertThat(columns.repeat(1)).isEqualTo(3);
    append(columns, Increment.of("clicks", "c"));

    assertThat(columns.rows()).isEqualTo(3);
    assertThat(columns.increments()).isEqualTo(5);
    RecordBatch message = message(columns, "shop", 0, 1);
    assertThat(message.getRepeatsList()).containsExactly(1, 3, 1);
    assertThat(message.getDeltasList()).containsExactly(1L, -2L, 1L);

    BitSet first = new BitSet();
    first.set(0);
    Columns rest = columns.without(first);
    assertThat(rest.increments()).isEqualTo(4);
    assertThat(message(rest, "shop", 0, 1).getRepeatsList()).containsExactly(3, 1);
  }

  /** Read by protobuf's own parser. */
  private static RecordBatch message(
      Columns columns, String namespace, int rangeId, long sequence) {
    try {
      return RecordBatch.parseFrom(columns.encode(namespace, rangeId, sequence));
    } catch (InvalidProtocolBufferException damaged) {
      throw new AssertionError(damaged);
    }
  }

  /** What the columns are to be read as. */
  private static RecordBatch expected(List<Increment> rows, boolean timed) {
    RecordBatch.Builder batch =
        RecordBatch.newBuilder().setNamespace("shop").setRangeId(200).setSequence(1L << 40);
    List<String> metrics = rows.stream().map(Increment::metric).distinct().toList();
    batch.addAllMetrics(metrics);
    StringBuilder keys = new StringBuilder();
    StringBuilder users = new StringBuilder();
    List<ByteString> eventIds = new ArrayList<>();
    long base = timed ? rows.get(0).eventTimeMillis().orElseThrow() : 0;
    for (Increment row : rows) {
      keys.append(row.key());
      users.append(row.user());
      batch.addKeyLengths(row.key().length()).addUserLengths(row.user().length());
      batch.addMetricIndexes(metrics.indexOf(row.metric())).addDeltas(row.delta());
      byte[] id = row.eventId() == null ? new byte[0] : row.eventId();
      eventIds.add(ByteString.copyFrom(id));
      batch.addEventIdLengths(id.length);
      if (timed) {
        batch.addTimeOffsetsMillis(row.eventTimeMillis().orElseThrow() - base);
      }
    }
    batch.setKeys(ByteString.copyFromUtf8(keys.toString()));
    if (timed) {
      batch.setBaseTimeMillis(base);
    }
    if (metrics.size() == 1) {
      batch.clearMetricIndexes();
    }
    if (rows.stream().allMatch(row -> row.delta() == 1)) {
      batch.clearDeltas();
    }
    if (users.isEmpty()) {
      batch.clearUserLengths();
    } else {
      batch.setUsers(ByteString.copyFromUtf8(users.toString()));
    }
    if (eventIds.stream().allMatch(ByteString::isEmpty)) {
      batch.clearEventIdLengths();
    } else {
      batch.setEventIds(ByteString.copyFrom(eventIds));
    }
    return batch.build();
  }

  private static Increment randomIncrement(Random random, boolean timed, boolean identified) {
    Increment.Builder increment =
        Increment.builder(
            METRICS[random.nextInt(random.nextBoolean() ? 1 : METRICS.length)],
            "k".repeat(1 + random.nextInt(40)) + random.nextInt(100));
    if (random.nextInt(3) == 0) {
      increment.delta(random.nextLong());
    }
    if (timed) {
      increment.eventTimeMillis(random.nextInt());
    }
    if (random.nextInt(3) == 0) {
      increment.user("user-" + random.nextInt(1000));
    }
    if (identified && random.nextInt(3) > 0) {
      byte[] id = new byte[1 + random.nextInt(16)];
      random.nextBytes(id);
      increment.eventId(id);
    }
    return increment.build();
  }

  private static void append(Columns columns, Increment increment) {
    byte[] key = ("xx" + increment.key()).getBytes(StandardCharsets.UTF_8);
    columns.append(
        increment.metric(),
        key,
        2,
        key.length - 2,
        increment.delta(),
        increment.eventTimeMillis().orElse(Columns.UNTIMED),
        increment.eventId());
    byte[] user = ("x" + increment.user()).getBytes(StandardCharsets.UTF_8);
    columns.setUser(user, 1, user.length - 1);
  }
}
