package org.tallyring.shardserver.ownership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.proto.v1.RecordStreamResponse;
import org.tallyring.proto.v1.RecordStreamResponse.Outcome;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.InMemoryRangeStore;
import org.tallyring.shardserver.coordination.Versioned;
import org.tallyring.shardserver.engine.RankingFloors;
import org.tallyring.shardserver.engine.ReceivedBatch;
import org.tallyring.shardserver.journal.InMemoryJournals;
import org.tallyring.shardserver.journal.JournalFollower;
import org.tallyring.shardserver.journal.JournalHealth;
import org.tallyring.shardserver.journal.JournalReplay;
import org.tallyring.shardserver.journal.Position;
import org.tallyring.shardserver.journal.RangeJournal;
import org.tallyring.shardserver.journal.RangeJournals;
import org.tallyring.shardserver.journal.StoredJournal;
import org.tallyring.topology.hash.KeyHash;
import org.tallyring.topology.range.RangeTable;

/** What a shard holds, against what it is assigned. */
final class ShardRangesTest {

  private static final String ME = "shard-1";
  private static final String OTHER = "shard-2";

  private static final JournalReplay NOTHING =
      new JournalReplay() {
        @Override
        public void restore(List<byte[]> chunks) {}

        @Override
        public void replay(Position position, byte[] entry) {}
      };

  private final InMemoryRangeStore store = new InMemoryRangeStore();
  private final RangeJournals journals = new InMemoryJournals(store);
  private final FakeNamespaceStore namespaces = new FakeNamespaceStore();
  private final RangeLoops loops = new RangeLoops("test", 2);
  private final ManualScheduler scheduler = new ManualScheduler();

  private final FakeHandOffRequests requests = new FakeHandOffRequests();

  /** Those of the ranges made last. */
  private SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private ShardMeters meters = new ShardMeters(registry, ME);

  @AfterEach
  void stopLoops() {
    loops.close();
  }

  private ShardRanges ranges(int count, RangeJournals from) {
    registry = new SimpleMeterRegistry();
    meters = new ShardMeters(registry, ME);
    return new ShardRanges(
        ME,
        new RangeTable(count),
        from,
        requests,
        namespaces,
        loops,
        RangeSettings.DEFAULT,
        () -> Instant.ofEpochMilli(RangeHarness.NOON),
        scheduler.asService(),
        meters);
  }

  private ClusterView view(List<String> owners, NamespaceDefinition... definitions) {
    return view(owners, List.of(), definitions);
  }

  private ClusterView view(
      List<String> owners, List<String> members, NamespaceDefinition... definitions) {
    TreeMap<String, Member> live = new TreeMap<>();
    members.forEach(id -> live.put(id, Member.newBuilder().setId(id).build()));
    List<RangeRecord> records = new ArrayList<>();
    for (int i = 0; i < owners.size(); i++) {
      records.add(store.record(i));
    }
    TreeMap<String, NamespaceDefinition> byName = new TreeMap<>();
    for (NamespaceDefinition definition : definitions) {
      byName.put(definition.getName(), definition);
    }
    return new ClusterView(
        ClusterConfig.newBuilder().setRangeCount(owners.size()).build(),
        live,
        "",
        new Versioned<>(0, AssignmentTarget.newBuilder().addAllOwners(owners).build()),
        records,
        byName);
  }

  private static void awaitState(OwnedRange range, RangeState state) {
    await().until(() -> range.state() == state);
  }

  private static OwnedRange serving(ShardRanges ranges, int rangeId) {
    OwnedRange range = ranges.find(rangeId).orElseThrow();
    awaitState(range, RangeState.SERVING);
    return range;
  }

  @Test
  void whatIsAssignedIsOpenedAndTheRestReleased() {
    ShardRanges ranges = ranges(4, journals);
    ranges.reconcile(view(List.of(ME, OTHER, ME, "")));
    OwnedRange first = serving(ranges, 0);
    OwnedRange third = serving(ranges, 2);
    assertThat(ranges.all()).containsExactlyInAnyOrder(first, third);

    ranges.reconcile(view(List.of(ME, ME, OTHER, "")));
    serving(ranges, 1);
    awaitState(third, RangeState.RELEASED);
    assertThat(ranges.find(0)).containsSame(first);
    assertThat(ranges.find(2)).isEmpty();
  }

  @Test
  void aRangeTakenByAnotherIsReleasedAndOpenedAgainIfItStaysAssigned() {
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME)));
    OwnedRange first = serving(ranges, 0);
    new InMemoryJournals(store).open(0, OTHER, NOTHING, Runnable::run).join();

    ranges.reconcile(view(List.of(ME)));
    awaitState(first, RangeState.RELEASED);
    ranges.reconcile(view(List.of(ME)));
    assertThat(serving(ranges, 0).epoch()).isEqualTo(3);
  }

  /** Fails until it is told to open. */
  private final class StubbornJournals implements RangeJournals {
    private volatile boolean open;

    @Override
    public CompletableFuture<RangeJournal> open(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      return (open ? journals : new ClosedJournals()).open(rangeId, owner, replay, executor);
    }

    @Override
    public CompletableFuture<StoredJournal> stored(int rangeId) {
      return journals.stored(rangeId);
    }

    @Override
    public JournalFollower follow(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      throw new UnsupportedOperationException("follow");
    }

    @Override
    public void close() {}
  }

  @Test
  void aLostRangeIsOpenedAgainEverLaterUntilOneOpens() throws InterruptedException {
    StubbornJournals stubborn = new StubbornJournals();
    ShardRanges ranges = ranges(1, stubborn);
    ranges.reconcile(view(List.of(ME)));
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      ManualScheduler.Scheduled retry = scheduler.take();
      delays.add(retry.delayMillis());
      assertThat(ranges.find(0)).isEmpty();
      stubborn.open = i == 7;
      retry.task().run();
    }
    assertThat(delays).containsExactly(100L, 200L, 400L, 800L, 1600L, 3200L, 5000L, 5000L);

    OwnedRange range = serving(ranges, 0);
    // The delay is reset after the state is set, in the same task of the loop.
    range.status().join();
    stubborn.open = false;
    loseOnAppend(range);
    assertThat(scheduler.take().delayMillis()).isEqualTo(100);
  }

  @Test
  void viewsOpenALostRangeNoSoonerThanTheRetry() throws InterruptedException {
    StubbornJournals stubborn = new StubbornJournals();
    ShardRanges ranges = ranges(2, stubborn);
    ranges.reconcile(view(List.of(ME, "")));
    ManualScheduler.Scheduled retry = scheduler.take();
    stubborn.open = true;
    ranges.reconcile(view(List.of(ME, ME)));
    serving(ranges, 1);
    assertThat(ranges.find(0)).isEmpty();
    retry.task().run();

    serving(ranges, 0);
  }

  private void loseOnAppend(OwnedRange range) {
    ((InMemoryJournals) journals).failNextAppend(0, false);
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(
        new Submission(
            RangeHarness.session(1),
            ReceivedBatch.of(RangeHarness.batch(1, "x")),
            RangeHarness.NAMESPACE,
            answer::complete));
    assertThat(answer.join().getOutcome()).isEqualTo(Outcome.OUTCOME_IN_DOUBT);
  }

  @Test
  void closingReleasesEverythingAndOpensNothingMore() throws Exception {
    ShardRanges ranges = ranges(2, journals);
    ranges.reconcile(view(List.of(ME, ME)));
    OwnedRange range = serving(ranges, 0);
    serving(ranges, 1);
    ranges.close().get(10, TimeUnit.SECONDS);

    assertThat(range.state()).isEqualTo(RangeState.RELEASED);
    ranges.reconcile(view(List.of(ME, ME)));
    assertThat(ranges.all()).isEmpty();
    assertThat(scheduler.isEmpty()).isTrue();
  }

  /** Opens when it is told to, on the thread that says so. */
  private final class SlowJournals implements RangeJournals {
    private final CompletableFuture<Void> go = new CompletableFuture<>();
    private final CompletableFuture<RangeJournal> opened = new CompletableFuture<>();

    @Override
    public CompletableFuture<RangeJournal> open(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      return go.thenCompose(now -> journals.open(rangeId, owner, replay, executor))
          .whenComplete((journal, failure) -> opened.complete(journal));
    }

    boolean isClosed() {
      return opened.join().health().state() == JournalHealth.State.LOST;
    }

    @Override
    public CompletableFuture<StoredJournal> stored(int rangeId) {
      return journals.stored(rangeId);
    }

    @Override
    public JournalFollower follow(
        int rangeId, String owner, JournalReplay replay, Executor executor) {
      throw new UnsupportedOperationException("follow");
    }

    @Override
    public void close() {}
  }

  @Test
  void closingWaitsForTheJournalOfARangeThatIsBeingOpened() {
    SlowJournals slow = new SlowJournals();
    ShardRanges ranges = ranges(1, slow);
    ranges.reconcile(view(List.of(ME)));
    OwnedRange range = ranges.find(0).orElseThrow();
    CompletableFuture<Void> closed = ranges.close();
    awaitState(range, RangeState.RELEASED);
    assertThat(closed).isNotDone();

    slow.go.complete(null);
    assertThat(closed).succeedsWithin(Duration.ofSeconds(10));
    assertThat(slow.isClosed()).isTrue();
  }

  @Test
  void closingWaitsForARangeThatWasTakenAwayWhileItWasBeingOpened() {
    SlowJournals slow = new SlowJournals();
    ShardRanges ranges = ranges(1, slow);
    ranges.reconcile(view(List.of(ME)));
    OwnedRange range = ranges.find(0).orElseThrow();
    ranges.reconcile(view(List.of(OTHER)));
    awaitState(range, RangeState.RELEASED);
    CompletableFuture<Void> closed = ranges.close();
    assertThat(closed).isNotDone();

    slow.go.complete(null);
    assertThat(closed).succeedsWithin(Duration.ofSeconds(10));
    assertThat(slow.isClosed()).isTrue();
  }

  private OwnedRange withOneClick(ShardRanges ranges) {
    ranges.reconcile(view(List.of(ME), RangeHarness.NAMESPACE));
    OwnedRange range = serving(ranges, 0);
    record(range, "x");
    return range;
  }

  /** One click, in no session. */
  private static void record(OwnedRange range, String key) {
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(
        new Submission(
            RangeHarness.session(0),
            ReceivedBatch.of(RangeHarness.batch(0, key)),
            RangeHarness.NAMESPACE,
            answer::complete));
    assertThat(answer.join().getOutcome()).isEqualTo(Outcome.OUTCOME_APPLIED);
  }

  /**
   * The clicks when the loop has done what it was told so far: after the first read an entry has
   * been appended, after the second it is applied.
   */
  private static @Nullable Long clicks(OwnedRange range) {
    range.status().join();
    return range.read(engine -> RangeHarness.count(engine, "x")).join();
  }

  @Test
  void eachRoundShowsWhatAllRangesHoldAndIsFollowedByAnother() throws InterruptedException {
    ShardRanges ranges = ranges(2, journals);
    new AccountRounds(ranges, meters, scheduler.asService()).start();
    ranges.reconcile(view(List.of(ME, ME), RangeHarness.NAMESPACE));
    OwnedRange first = serving(ranges, 0);
    String key = keyOfRange(0, new RangeTable(2));
    serving(ranges, 1);
    assertThat(inState("serving")).isEqualTo(2);
    ManualScheduler.Scheduled round = scheduler.take();
    assertThat(round.delayMillis()).isEqualTo(10_000);
    record(first, key);
    assertThat(registry.find("tallyring.metric.hits").counter()).isNull();
    round.task().run();

    ManualScheduler.Scheduled next = scheduler.take();
    assertThat(registry.get("tallyring.metric.hits").counter().count()).isEqualTo(1);
    assertThat(registry.get("tallyring.metric.keys").gauge().value()).isEqualTo(1);
    record(first, key);
    ranges.reconcile(view(List.of(OTHER, ME), RangeHarness.NAMESPACE));
    awaitState(first, RangeState.RELEASED);
    next.task().run();

    scheduler.take();
    assertThat(registry.get("tallyring.metric.hits").counter().count()).isEqualTo(2);
    assertThat(registry.find("tallyring.metric.keys").gauge()).isNull();
    assertThat(inState("serving")).isEqualTo(1);
  }

  private static String keyOfRange(int rangeId, RangeTable table) {
    KeyHash hash = new KeyHash("shop");
    return IntStream.range(0, 1_000)
        .mapToObj(i -> "key-" + i)
        .filter(key -> table.rangeOf(hash.hash(key.getBytes(StandardCharsets.UTF_8))) == rangeId)
        .findFirst()
        .orElseThrow();
  }

  private double inState(String state) {
    return registry.get("tallyring.ranges").tags("shard", ME, "state", state).gauge().value();
  }

  @Test
  void aDeletedNamespaceLosesItsCounts() {
    ShardRanges ranges = ranges(1, journals);
    OwnedRange range = withOneClick(ranges);
    ranges.reconcile(view(List.of(ME)));

    assertThat(clicks(range)).isZero();
  }

  @Test
  void aNamespaceDeletedWhileARangeIsBeingOpenedLosesItsCounts() throws Exception {
    ShardRanges before = ranges(1, journals);
    withOneClick(before);
    before.close().get(10, TimeUnit.SECONDS);
    SlowJournals slow = new SlowJournals();
    ShardRanges ranges = ranges(1, slow);
    ranges.reconcile(view(List.of(ME), RangeHarness.NAMESPACE));
    ranges.reconcile(view(List.of(ME)));
    slow.go.complete(null);

    OwnedRange range = serving(ranges, 0);
    await().until(() -> Long.valueOf(0).equals(clicks(range)));
  }

  @Test
  void aNamespaceDeletedWhileNobodyServedARangeLosesItsCounts() throws Exception {
    ShardRanges before = ranges(1, journals);
    withOneClick(before);
    before.close().get(10, TimeUnit.SECONDS);
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME)));

    OwnedRange range = serving(ranges, 0);
    await().until(() -> Long.valueOf(0).equals(clicks(range)));
  }

  @Test
  void aRangeThatIsOpenedKeepsTheCountsOfANamespaceThatTheStoreStillHas() throws Exception {
    ShardRanges before = ranges(1, journals);
    withOneClick(before);
    before.close().get(10, TimeUnit.SECONDS);
    namespaces.stored.put("shop", RangeHarness.NAMESPACE);
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME)));

    OwnedRange range = serving(ranges, 0);
    await().until(() -> namespaces.reads.contains("shop"));
    assertThat(clicks(range)).isEqualTo(1);
  }

  @Test
  void aNamespaceMissingFromAViewOnlyKeepsItsCounts() {
    ShardRanges ranges = ranges(1, journals);
    OwnedRange range = withOneClick(ranges);
    namespaces.stored.put("shop", RangeHarness.NAMESPACE);
    ranges.reconcile(view(List.of(ME)));

    assertThat(namespaces.reads).containsExactly("shop");
    assertThat(clicks(range)).isEqualTo(1);
  }

  @Test
  void aNamespaceDeletedAndCreatedAgainIsAnotherOne() {
    ShardRanges ranges = ranges(1, journals);
    OwnedRange range = withOneClick(ranges);
    NamespaceDefinition again = RangeHarness.NAMESPACE.toBuilder().setUid(8).build();
    namespaces.stored.put("shop", again);
    ranges.reconcile(view(List.of(ME), again));

    assertThat(clicks(range)).isZero();
  }

  @Test
  void whileTheStoreDoesNotAnswerCountsStayAndItIsAskedAgain() {
    ShardRanges ranges = ranges(1, journals);
    OwnedRange range = withOneClick(ranges);
    namespaces.unreachable = true;
    ranges.reconcile(view(List.of(ME)));
    assertThat(clicks(range)).isEqualTo(1);

    namespaces.unreachable = false;
    ranges.reconcile(view(List.of(ME)));
    assertThat(clicks(range)).isZero();
  }

  private static final List<String> BOTH = List.of(ME, OTHER);

  /** The other shard serves so many ranges. */
  private List<RangeJournal> servedByOther(int count) {
    return IntStream.range(0, count)
        .mapToObj(rangeId -> journals.open(rangeId, OTHER, NOTHING, Runnable::run).join())
        .toList();
  }

  private static boolean writes(RangeJournal journal) {
    return journal.health().state() == JournalHealth.State.OK;
  }

  @Test
  void whatALiveShardServesIsAskedOfItAndNotTaken() throws InterruptedException {
    RangeJournal theirs = servedByOther(1).get(0);
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    FakeHandOffRequests.Asked asked = requests.take();

    assertThat(asked.owner()).isEqualTo(OTHER);
    assertThat(ranges.find(0)).isEmpty();
    assertThat(inState("following")).isEqualTo(1);
    assertThat(writes(theirs)).isTrue();
    theirs.close().join();
    asked.answer().complete(Optional.of(new HandedOff(1, 0, 0)));

    await().until(() -> ranges.find(0).isPresent());
    assertThat(serving(ranges, 0).epoch()).isEqualTo(2);
    assertThat(inState("following")).isZero();
  }

  @Test
  void whatIsAssignedBackIsFollowedNoMore() throws InterruptedException {
    RangeJournal theirs = servedByOther(1).get(0);
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    FakeHandOffRequests.Asked asked = requests.take();
    ranges.reconcile(view(List.of(OTHER), BOTH));
    await().until(() -> inState("following") == 0);
    asked.answer().complete(Optional.empty());
    ranges.close().join();

    assertThat(ranges.find(0)).isEmpty();
    assertThat(writes(theirs)).isTrue();
    assertThat(store.record(0).getEpoch()).isEqualTo(1);
  }

  @Test
  void whatIsFollowedIsTakenWhenItsOwnerIsGone() throws InterruptedException {
    RangeJournal theirs = servedByOther(1).get(0);
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    requests.take();
    ranges.reconcile(view(List.of(ME), List.of(ME)));

    await().until(() -> ranges.find(0).isPresent());
    assertThat(serving(ranges, 0).epoch()).isEqualTo(2);
    assertThat(writes(theirs)).isFalse();
  }

  @Test
  void rangesComeOneAfterTheOther() throws InterruptedException {
    servedByOther(4);
    ShardRanges ranges = ranges(4, journals);
    ranges.reconcile(view(List.of(ME, ME, ME, ME), BOTH));
    FakeHandOffRequests.Asked first = requests.take();
    assertThat(inState("following")).isEqualTo(1);
    first.answer().complete(Optional.empty());

    assertThat(requests.take().rangeId()).isEqualTo(1);
    assertThat(requests.isEmpty()).isTrue();
  }

  @Test
  void whatIsAssignedToALiveShardIsServedUntilThatOneAsksForIt() {
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    OwnedRange range = serving(ranges, 0);
    assertThat(ranges.handOff(0, 1, OTHER)).isCompletedExceptionally();
    ranges.reconcile(view(List.of(OTHER), BOTH));
    range.status().join();
    assertThat(range.state()).isEqualTo(RangeState.SERVING);
    assertThat(ranges.handOff(0, 2, OTHER)).isCompletedExceptionally();
    assertThat(ranges.handOff(0, 1, "shard-3")).isCompletedExceptionally();
    record(range, "x");
    CompletableFuture<Optional<HandedOff>> handedOff = ranges.handOff(0, 1, OTHER);

    assertThat(handedOff).succeedsWithin(Duration.ofSeconds(10));
    assertThat(handedOff.join().map(HandedOff::epoch)).contains(1L);
    assertThat(handedOff.join().map(HandedOff::increments)).contains(1L);
    assertThat(range.state()).isEqualTo(RangeState.RELEASED);
    await().until(() -> ranges.handOff(0, 1, OTHER).join().isEmpty());
  }

  @Test
  void whatIsAssignedToAShardThatIsGoneIsReleased() {
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    OwnedRange range = serving(ranges, 0);
    ranges.reconcile(view(List.of(OTHER), BOTH));
    ranges.reconcile(view(List.of(OTHER), List.of(ME)));

    awaitState(range, RangeState.RELEASED);
  }

  @Test
  void aFencedRangeIsNotFencedBack() throws InterruptedException {
    ShardRanges ranges = ranges(1, journals);
    ranges.reconcile(view(List.of(ME), BOTH));
    OwnedRange range = serving(ranges, 0);
    RangeJournal theirs = servedByOther(1).get(0);
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(
        new Submission(
            RangeHarness.session(1),
            ReceivedBatch.of(RangeHarness.batch(1, "x")),
            RangeHarness.NAMESPACE,
            answer::complete));
    assertThat(answer.join().getOutcome()).isEqualTo(Outcome.OUTCOME_IN_DOUBT);
    awaitState(range, RangeState.FENCED);
    assertThat(scheduler.take().delayMillis()).isEqualTo(1_000);
    ranges.reconcile(view(List.of(ME), BOTH));

    assertThat(requests.take().owner()).isEqualTo(OTHER);
    assertThat(writes(theirs)).isTrue();
  }

  /** A range with one click, whose next append failed, with or without an entry of a second one. */
  private OwnedRange withoutBookies(ShardRanges ranges, boolean isInJournal) {
    OwnedRange range = withOneClick(ranges);
    ((InMemoryJournals) journals).setWithoutBookies(true);
    ((InMemoryJournals) journals).failNextAppend(0, isInJournal);
    assertThat(send(range, 1).getOutcome()).isEqualTo(Outcome.OUTCOME_IN_DOUBT);
    awaitState(range, RangeState.LOST);
    return range;
  }

  private static RecordStreamResponse send(OwnedRange range, long sequence) {
    CompletableFuture<RecordStreamResponse> answer = new CompletableFuture<>();
    range.submit(
        new Submission(
            RangeHarness.session(1),
            ReceivedBatch.of(RangeHarness.batch(sequence, "x")),
            RangeHarness.NAMESPACE,
            answer::complete));
    return answer.join();
  }

  @Test
  void aRangeThatTakesNoIncrementsForWantOfBookiesAnswersReadsUntilItDoes()
      throws InterruptedException {
    ShardRanges ranges = ranges(1, journals);
    withoutBookies(ranges, true);
    for (long delay : new long[] {100, 200}) {
      OwnedRange waiting = ranges.find(0).orElseThrow();
      assertThat(clicks(waiting)).isEqualTo(1);
      assertThat(waiting.published(RankingFloors.OF_NOTHING).join()).isNotNull();
      assertThat(send(waiting, 2).getOutcome()).isEqualTo(Outcome.OUTCOME_REFUSED);
      assertThat(waiting.status().join()).isNull();
      ManualScheduler.Scheduled retry = scheduler.take();
      assertThat(retry.delayMillis()).isEqualTo(delay);
      retry.task().run();
      await().until(() -> ranges.find(0).orElseThrow().state() == RangeState.LOST);
    }
    assertThat(store.record(0).getServing()).isTrue();
    OwnedRange before = ranges.find(0).orElseThrow();
    ((InMemoryJournals) journals).setWithoutBookies(false);
    scheduler.take().task().run();

    OwnedRange again = serving(ranges, 0);
    assertThat(clicks(again)).isEqualTo(2);
    assertThat(clicks(before)).as("asked of the tenure before").isNull();
    assertThat(send(again, 1).getOutcome()).isEqualTo(Outcome.OUTCOME_DUPLICATE);
    assertThat(again.epoch()).isEqualTo(2);
  }

  @Test
  void aRangeThatIsOnlyReadFromIsLetGoWhenItIsAssignedToAnother() throws InterruptedException {
    ShardRanges ranges = ranges(1, journals);
    OwnedRange range = withoutBookies(ranges, false);
    ranges.reconcile(view(List.of(OTHER), BOTH, RangeHarness.NAMESPACE));

    awaitState(range, RangeState.RELEASED);
    assertThat(ranges.find(0)).isEmpty();
    assertThat(clicks(range)).isNull();
    assertThat(ranges.handOff(0, 1, OTHER).join()).isEmpty();
    scheduler.take().task().run();
    assertThat(ranges.find(0)).isEmpty();
  }

  @Test
  void aRangeThatIsOnlyReadFromAnswersNothingOnceAnotherHasTakenIt() throws InterruptedException {
    ShardRanges ranges = ranges(1, journals);
    withoutBookies(ranges, false);
    scheduler.take().task().run();
    OwnedRange waiting = ranges.find(0).orElseThrow();
    awaitState(waiting, RangeState.LOST);
    new InMemoryJournals(store).open(0, OTHER, NOTHING, Runnable::run).join();
    ranges.reconcile(view(List.of(ME), BOTH, RangeHarness.NAMESPACE));

    awaitState(waiting, RangeState.RELEASED);
    assertThat(clicks(waiting)).isNull();
  }
}
