package org.tallyring.systemtests.chaos;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.Increment;
import org.tallyring.client.TallyringClient;
import org.tallyring.client.TallyringException;
import org.tallyring.proto.v1.CreateNamespaceRequest;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.systemtests.cluster.ProcessCluster;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/**
 * Increments at a steady rate from two clients, as two processes of a service would send them, and
 * reads of what they write to.
 *
 * <p>Of every ten increments one has an event id and is sent by both clients. The calls are for one
 * thread.
 */
public final class Workload implements AutoCloseable {

  private static final int TICK_MILLIS = 10;
  private static final int READ_MILLIS = 100;

  /** How many of the keys are read; those that are written to most. */
  private static final int READ_KEYS = 50;

  /** Longer than any fault lasts, so that every increment gets a definite answer. */
  private static final Duration DEADLINE = Duration.ofMinutes(5);

  /** Reads may fail while a range has no owner; they must not pile up. */
  private static final Duration READ_DEADLINE = Duration.ofSeconds(2);

  private final SentJournal journal;
  private final List<TallyringClient> clients;
  private final TallyringClient reader;
  private final Traffic traffic;
  private final Random readRandom;
  private final int perTick;
  private final int[] rangeOfKey;
  private final WriteGaps gaps;
  private final long origin = System.nanoTime();

  /** By key and metric: the sum of what was sent, and of what was acknowledged. */
  private final AtomicLongArray sentSums;

  private final AtomicLongArray acknowledgedSums;

  /** By range: how many increments were acknowledged. */
  private final AtomicLongArray acknowledgedByRange;

  private final AtomicLong answeredReads = new AtomicLong();
  private final AtomicLong unansweredReads = new AtomicLong();
  private final ConcurrentLinkedQueue<String> wrongReads = new ConcurrentLinkedQueue<>();
  private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor();
  private final ScheduledExecutorService reads = Executors.newSingleThreadScheduledExecutor();
  private final List<ScheduledFuture<?>> running = new ArrayList<>();
  private long nextId = 1;

  /**
   * A load that waits to be started.
   *
   * @param servers where the clients find the cluster
   * @param namespace where it writes; has the metrics of the traffic
   * @param ranges how many ranges the cluster has
   * @param perSecond how many increments
   */
  private Workload(
      List<String> servers,
      String namespace,
      int ranges,
      SentJournal journal,
      Traffic traffic,
      long seed,
      int perSecond) {
    this.journal = journal;
    this.traffic = traffic;
    clients = List.of(client(servers, namespace, DEADLINE), client(servers, namespace, DEADLINE));
    reader = client(servers, namespace, READ_DEADLINE);
    readRandom = new Random(seed);
    perTick = perSecond * TICK_MILLIS / 1_000;
    gaps = new WriteGaps(ranges);
    acknowledgedByRange = new AtomicLongArray(ranges);
    RangeTable table = new RangeTable(ranges);
    KeyHash hash = new KeyHash(namespace);
    rangeOfKey =
        traffic.keys().stream()
            .mapToInt(key -> table.rangeOf(hash.hash(key.getBytes(StandardCharsets.UTF_8))))
            .toArray();
    sentSums = new AtomicLongArray(rangeOfKey.length * traffic.metrics().size());
    acknowledgedSums = new AtomicLongArray(sentSums.length());
  }

  /** Makes the namespace, and begins with a load of it. */
  public static Workload on(
      ProcessCluster cluster,
      String namespace,
      SentJournal journal,
      Traffic traffic,
      long seed,
      int perSecond) {
    NamespaceDefinition.Builder definition = NamespaceDefinition.newBuilder().setName(namespace);
    traffic
        .metrics()
        .forEach(metric -> definition.addMetrics(MetricDefinition.newBuilder().setName(metric)));
    cluster
        .api()
        .admin()
        .createNamespace(CreateNamespaceRequest.newBuilder().setNamespace(definition).build());
    List<String> servers = new ArrayList<>(cluster.shardAddresses());
    servers.add(cluster.address());
    Workload load =
        new Workload(
            servers,
            namespace,
            cluster.api().topology().getRangeCount(),
            journal,
            traffic,
            seed,
            perSecond);
    load.start();
    return load;
  }

  private static TallyringClient client(List<String> servers, String namespace, Duration deadline) {
    return TallyringClient.builder()
        .servers(servers)
        .namespace(namespace)
        .deadline(deadline)
        .build();
  }

  /** Begins, or goes on. */
  public void start() {
    running.add(ticks.scheduleAtFixedRate(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS));
    running.add(reads.scheduleWithFixedDelay(this::read, 0, READ_MILLIS, TimeUnit.MILLISECONDS));
  }

  /** Pauses, and waits until everything sent has its answer. */
  public void settle() {
    running.forEach(task -> task.cancel(false));
    running.clear();
    // A task that was under way is done when the next one of its thread is.
    CompletableFuture.runAsync(() -> {}, ticks).join();
    CompletableFuture.runAsync(() -> {}, reads).join();
    clients.forEach(TallyringClient::flush);
    journal.flush();
  }

  private void tick() {
    List<Sent> batch = new ArrayList<>();
    int[] cells = new int[perTick];
    for (int i = 0; i < perTick; i++) {
      Traffic.Step step = traffic.next();
      cells[i] = step.key() * traffic.metrics().size() + step.metric();
      Sent sent =
          new Sent(
              nextId++,
              traffic.metrics().get(step.metric()),
              traffic.keys().get(step.key()),
              step.delta(),
              step.timeMillis());
      batch.add(sent);
      journal.sending(sent);
    }
    journal.flush();
    for (int i = 0; i < perTick; i++) {
      send(batch.get(i), cells[i]);
    }
  }

  private void send(Sent sent, int cell) {
    sentSums.addAndGet(cell, sent.delta());
    boolean byBoth = sent.id() % 10 == 0;
    Increment.Builder increment =
        Increment.builder(sent.metric(), sent.key())
            .delta(sent.delta())
            .eventTimeMillis(sent.timeMillis());
    if (byBoth) {
      increment.eventId(Long.toString(sent.id()).getBytes(StandardCharsets.UTF_8));
    }
    Increment built = increment.build();
    Answers answers = new Answers(sent, cell, System.nanoTime() - origin);
    if (byBoth) {
      clients.forEach(client -> send(client, built, answers));
    } else {
      send(clients.get((int) (sent.id() % clients.size())), built, answers);
    }
  }

  private static void send(TallyringClient client, Increment increment, Answers answers) {
    try {
      client.recordAsync(increment).whenComplete((result, failure) -> answers.add(failure));
    } catch (TallyringException notSent) {
      answers.add(notSent);
    }
  }

  /** What becomes of one increment; one that is sent twice gets two answers. */
  private final class Answers {
    private final Sent sent;
    private final int cell;
    private final long sentAt;
    private boolean counted;

    Answers(Sent sent, int cell, long sentAt) {
      this.sent = sent;
      this.cell = cell;
      this.sentAt = sentAt;
    }

    synchronized void add(@Nullable Throwable failure) {
      if (failure == null) {
        journal.counted(sent.id());
        int range = rangeOfKey[cell / traffic.metrics().size()];
        gaps.acknowledged(range, sentAt, System.nanoTime() - origin);
        if (!counted) {
          counted = true;
          acknowledgedByRange.incrementAndGet(range);
          acknowledgedSums.addAndGet(cell, sent.delta());
        }
        return;
      }
      Throwable cause =
          failure instanceof CompletionException wrapped && wrapped.getCause() != null
              ? wrapped.getCause()
              : failure;
      if (cause instanceof TallyringException definite && !definite.isInDoubt()) {
        journal.refused(sent.id(), definite.reason() + ": " + definite.getMessage());
      } else {
        journal.inDoubt(sent.id(), cause.toString());
      }
    }
  }

  /** A read must not lack what was acknowledged before it, nor have what was never sent. */
  private void read() {
    int metrics = traffic.metrics().size();
    int cell = readRandom.nextInt(READ_KEYS * metrics);
    String key = traffic.keys().get(cell / metrics);
    String metric = traffic.metrics().get(cell % metrics);
    long atLeast = acknowledgedSums.get(cell);
    long count;
    try {
      count = reader.count(metric, key);
    } catch (TallyringException unanswered) {
      unansweredReads.incrementAndGet();
      return;
    }
    long atMost = sentSums.get(cell);
    answeredReads.incrementAndGet();
    if (count < atLeast || count > atMost) {
      wrongReads.add(
          "read of %s, %s: %d (expected: %d..%d)".formatted(metric, key, count, atLeast, atMost));
    }
  }

  /** How many increments were acknowledged. */
  long acknowledged() {
    return acknowledgedIn(IntStream.range(0, acknowledgedByRange.length()));
  }

  /** How many of them belong to some ranges. */
  long acknowledgedIn(IntStream ranges) {
    return ranges.mapToLong(acknowledgedByRange::get).sum();
  }

  /** Nanoseconds on the clock of the load. */
  long now() {
    return System.nanoTime() - origin;
  }

  /** How long writes stood still. */
  WriteGaps gaps() {
    return gaps;
  }

  /** How many reads had an answer. */
  long answeredReads() {
    return answeredReads.get();
  }

  /** How many reads had none within two seconds. */
  long unansweredReads() {
    return unansweredReads.get();
  }

  /** The reads that were answered wrongly. */
  List<String> wrongReads() {
    return List.copyOf(wrongReads);
  }

  /** A client of the namespace, to ask for what was counted. */
  public TallyringClient client() {
    return clients.get(0);
  }

  @Override
  public void close() {
    ticks.shutdownNow();
    reads.shutdownNow();
    // Of a run that was broken off some increments will never be answered; nobody waits for those.
    clients.forEach(client -> CompletableFuture.runAsync(client::close));
    reader.close();
  }
}
