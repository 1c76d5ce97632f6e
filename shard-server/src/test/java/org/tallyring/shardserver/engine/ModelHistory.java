package org.tallyring.shardserver.engine;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.tallyring.proto.internal.v1.AcceptedBatch;
import org.tallyring.proto.internal.v1.JournalEntry;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.SlidingWindow;
import org.tallyring.topology.window.BucketWidth;
import org.tallyring.topology.window.WindowLevel;

/**
 * A random journal, which a seed alone determines: times advance by leaps of all sizes and rows
 * come out of order, up to years late; keys, deltas and event ids repeat often; namespaces are
 * redefined, which swaps their metrics to buckets of other lengths, and deleted.
 */
final class ModelHistory {

  static final int NAMESPACES = 3;
  static final long MINUTE = 60_000;
  static final long HOUR = 60 * MINUTE;
  static final long DAY = 24 * HOUR;

  /** Counted in buckets. */
  static final String[] METRICS = {"clicks", "views", "purchases"};

  /** Counted by a sliding window, in namespaces that were defined. */
  static final String SLIDING = "hits";

  private static final long[] STEPS = {0, 1, 1_000, 30_000, 60_000, HOUR, DAY, 40 * DAY};
  private static final long[] RETENTIONS = {
    HOUR, 3 * HOUR + 1, 26 * HOUR, 5 * DAY, 40 * DAY, 400 * DAY, 36_500 * DAY
  };

  /** Lengths of finest buckets, such that some are multiples of others and some are not. */
  private static final long[] BUCKETS = {
    1_000, 4_000, 10_000, 30_000, MINUTE, 2 * MINUTE, 15 * MINUTE, 20 * MINUTE, HOUR
  };

  private static final long[] ID_HORIZONS = {60_000, 600_000, HOUR, 48 * HOUR};

  /** Who sends batches in a session. */
  static final class Producer {
    final ByteString session;
    long sequence;
    long usedAtMillis;

    Producer(ByteString session) {
      this.session = session;
    }
  }

  final Random random;
  final Producer[] producers = new Producer[4];
  long nowMillis = Batches.NOON;
  private final long slidingHorizon;
  private final Set<Long> defined = new HashSet<>();
  private long revision;

  ModelHistory(long seed) {
    random = new Random(seed);
    slidingHorizon =
        random.nextBoolean() ? MINUTE * (1 + random.nextInt(60)) : 1 + random.nextLong(HOUR);
    Arrays.setAll(producers, i -> new Producer(Batches.session(i)));
  }

  JournalEntry next() {
    nowMillis += STEPS[random.nextInt(STEPS.length)];
    if (random.nextInt(40) == 0) {
      return Batches.deletion(1 + random.nextInt(NAMESPACES));
    }
    if (random.nextInt(8) == 0) {
      return definition();
    }
    AcceptedBatch[] batches = new AcceptedBatch[1 + random.nextInt(3)];
    for (int i = 0; i < batches.length; i++) {
      batches[i] = batch();
    }
    return Batches.entry(batches);
  }

  /** Now and then one that comes too late. */
  private JournalEntry definition() {
    revision++;
    long uid = 1L + random.nextInt(NAMESPACES);
    defined.add(uid);
    NamespaceDefinition.Builder definition =
        NamespaceDefinition.newBuilder()
            .setUid(uid)
            .setName("ns-" + uid)
            .setRevision(Math.max(0, revision - random.nextInt(3) / 2 * (long) random.nextInt(3)))
            .addMetrics(
                MetricDefinition.newBuilder()
                    .setName(SLIDING)
                    .setSlidingWindow(SlidingWindow.newBuilder().setHorizonMillis(slidingHorizon)));
    if (random.nextBoolean()) {
      definition.setLatenessMillis(random.nextInt(2) * 120_000L);
    }
    if (random.nextBoolean()) {
      definition.setEventIdHorizonMillis(ID_HORIZONS[random.nextInt(ID_HORIZONS.length)]);
    }
    if (random.nextInt(4) > 0) {
      int[] chosen = random.ints(3, 0, RETENTIONS.length).sorted().toArray();
      definition
          .getRetentionBuilder()
          .setMinuteMillis(RETENTIONS[chosen[0]])
          .setHourMillis(RETENTIONS[chosen[1]])
          .setDayMillis(RETENTIONS[chosen[2]]);
    }
    for (String metric : METRICS) {
      if (random.nextInt(3) > 0) {
        definition
            .addMetricsBuilder()
            .setName(metric)
            .getFixedWindowBuilder()
            .setBucketMillis(bucket(random).millis());
      }
    }
    return Batches.definition(definition);
  }

  private AcceptedBatch batch() {
    long uid = 1L + random.nextInt(NAMESPACES);
    // A later owner's clock may be behind.
    long acceptedAt = nowMillis - random.nextInt(3) * 1_000L;
    Batches batch = Batches.batch().namespace(uid, "ns-" + uid).acceptedAt(acceptedAt);
    if (random.nextBoolean()) {
      int producer = random.nextInt(producers.length);
      // An idle session's id is not used again: whether it is forgotten is another test's matter.
      if (nowMillis - producers[producer].usedAtMillis > HOUR - 120_000) {
        producers[producer] = new Producer(Batches.session(random.nextInt()));
      }
      producers[producer].usedAtMillis = nowMillis;
      batch.session(producers[producer].session, ++producers[producer].sequence);
    }
    addRows(batch, uid, acceptedAt);
    AcceptedBatch accepted = batch.accepted();
    AcceptedBatch repeated = random.nextInt(4) == 0 ? repeated(accepted) : accepted;
    return random.nextInt(5) == 0 ? plain(repeated) : repeated;
  }

  /** The same rows, some of them several times. */
  private AcceptedBatch repeated(AcceptedBatch accepted) {
    return Batches.changed(
        accepted,
        batch -> {
          for (int row = 0; row < batch.getKeyLengthsCount(); row++) {
            boolean identified =
                batch.getEventIdLengthsCount() > 0 && batch.getEventIdLengths(row) > 0;
            batch.addRepeats(identified ? 1 : 1 + random.nextInt(3));
          }
        });
  }

  private void addRows(Batches batch, long uid, long acceptedAt) {
    int rows = random.nextInt(20) == 0 ? 600 + random.nextInt(600) : 1 + random.nextInt(12);
    int keys = random.nextBoolean() ? 6 : 2_000;
    boolean identified = random.nextInt(3) == 0;
    for (int row = 0; row < rows; row++) {
      if (identified && random.nextInt(3) > 0) {
        addIdentified(batch, acceptedAt);
      } else {
        String metric = metric(uid);
        batch.row(
            metric,
            key(keys),
            delta(),
            metric.equals(SLIDING) && random.nextBoolean()
                ? nearHorizon(acceptedAt)
                : time(acceptedAt));
      }
    }
  }

  /**
   * One of few events. What it is follows from its id, but now and then it contradicts an earlier.
   */
  private void addIdentified(Batches batch, long acceptedAt) {
    int event = random.nextInt(12);
    String metric = METRICS[event % METRICS.length];
    long time = Batches.NOON - event * HOUR / 3;
    long delta = random.nextInt(30) == 0 ? 7 : 1 + event;
    batch
        .row(metric, key(3), delta, random.nextInt(30) == 0 ? acceptedAt : time)
        .eventId("event-" + event);
  }

  private String metric(long uid) {
    return defined.contains(uid) && random.nextInt(5) == 0
        ? SLIDING
        : METRICS[random.nextInt(METRICS.length)];
  }

  private long time(long acceptedAt) {
    long back = random.nextInt(4) == 0 ? random.nextLong(100 * DAY) : random.nextInt(999);
    if (random.nextInt(50) == 0) {
      // Ahead of the clock, as far as is allowed.
      back = -random.nextInt(300_001);
    }
    long time = random.nextInt(50) == 0 ? -HOUR * random.nextInt(999) : acceptedAt - back;
    // The first or last moment of a bucket.
    return switch (random.nextInt(16)) {
      case 0 -> WindowLevel.values()[random.nextInt(4)].start(time) - random.nextInt(2);
      case 1 -> bucket(random).start(WindowLevel.MINUTE, time) - random.nextInt(2);
      default -> time;
    };
  }

  /** The length of some finest buckets. */
  static BucketWidth bucket(Random random) {
    return new BucketWidth(BUCKETS[random.nextInt(BUCKETS.length)]);
  }

  /**
   * Where a hit just counts or not: around the horizon, which may be five minutes further than from
   * now, or an edge of a minute from now back to behind it.
   */
  private long nearHorizon(long acceptedAt) {
    if (random.nextBoolean()) {
      return acceptedAt - slidingHorizon - random.nextInt(2) * 300_000L + random.nextInt(3) - 1;
    }
    int minutes = (int) (slidingHorizon / MINUTE) + 8;
    return WindowLevel.MINUTE.endAtOrAfter(acceptedAt) - MINUTE * random.nextInt(minutes);
  }

  /** The same rows without any optional column but that of the event ids. */
  private static AcceptedBatch plain(AcceptedBatch accepted) {
    return Batches.changed(
        accepted,
        batch ->
            batch
                .clearBaseTimeMillis()
                .clearDeltas()
                .clearTimeOffsetsMillis()
                .clearMetricIndexes());
  }

  /** A batch that need not be admissible: some deltas are near the ends of 64 bits. */
  AcceptedBatch candidate() {
    long uid = 1L + random.nextInt(NAMESPACES);
    Batches batch = Batches.batch().namespace(uid, "ns-" + uid).acceptedAt(nowMillis);
    for (int row = random.nextInt(12); row >= 0; row--) {
      if (random.nextBoolean()) {
        addIdentified(batch, nowMillis);
      } else {
        long huge = (Long.MAX_VALUE >> random.nextInt(3)) - random.nextInt(3);
        batch.row(
            METRICS[random.nextInt(METRICS.length)],
            key(6),
            random.nextBoolean() ? huge : -huge,
            time(nowMillis));
      }
    }
    return batch.accepted();
  }

  private String key(int keys) {
    int number = random.nextInt(keys);
    return number % 7 == 0 ? "a".repeat(1 + number % 512) : "key-\u00fc-" + number;
  }

  private long delta() {
    long delta = random.nextInt(7) - 3L;
    return delta == 0 ? 1L << random.nextInt(40) : delta;
  }
}
