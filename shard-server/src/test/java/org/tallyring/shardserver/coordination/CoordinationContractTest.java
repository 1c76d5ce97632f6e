package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.RangeRecord;
import org.tallyring.proto.v1.MetricDefinition;
import org.tallyring.proto.v1.NamespaceDefinition;
import org.tallyring.topology.hash.KeyHash;

/**
 * What every implementation of {@link Coordination} promises of members, views, election and
 * creation. The stores' promises are in {@link StoreContractTest}.
 */
abstract class CoordinationContractTest extends CoordinationFixture {

  @Test
  void membersComeAndGoWithTheirProcesses() {
    Coordination first = connect();
    Coordination second = connect();
    Coordination observer = connect();
    first.membership().join(member("shard-1", 1));
    second.membership().join(member("shard-2", 2));
    until(() -> members(observer).equals(Set.of("shard-1", "shard-2")));
    assertThat(observer.watch().view().members()).containsEntry("shard-1", member("shard-1", 1));
    until(() -> members(first).equals(Set.of("shard-1", "shard-2")));

    first.close();
    until(() -> members(observer).equals(Set.of("shard-2")));
  }

  @Test
  void aMemberThatLeftIsGoneAndCanJoinAgain() {
    Coordination shard = connect();
    Coordination observer = connect();
    shard.membership().leave();
    for (int i = 0; i < 2; i++) {
      shard.membership().join(member("shard-1", 1));
      until(() -> members(observer).equals(Set.of("shard-1")));
      shard.membership().leave();
      until(() -> members(observer).isEmpty());
    }
  }

  @Test
  void aMemberThatJoinsWithOtherValuesIsSeenWithThem() {
    Coordination shard = connect();
    Coordination observer = connect();
    Member heavier = member("shard-1", 1).toBuilder().setWeight(2).build();
    shard.membership().join(member("shard-1", 1));
    shard.membership().join(heavier);

    until(() -> heavier.equals(observer.watch().view().members().get("shard-1")));
    assertThat(shard.sessionState()).isEqualTo(SessionState.CONNECTED);
  }

  @Test
  void anUpdateChangesWhatAMemberSaysWithoutAGapAndOnlyItsOwn() {
    Coordination shard = connect();
    Coordination observer = connect();
    Member heavier = member("shard-1", 1).toBuilder().setWeight(2).build();
    shard.membership().update(heavier);
    shard.membership().join(member("shard-1", 1));
    until(() -> member("shard-1", 1).equals(observer.watch().view().members().get("shard-1")));
    List<ClusterView> views = viewsOf(observer);
    shard.membership().update(member("shard-1", 7));
    shard.membership().update(heavier);

    until(() -> heavier.equals(observer.watch().view().members().get("shard-1")));
    assertThat(views)
        .allMatch(
            view ->
                Set.of(member("shard-1", 1), heavier).containsAll(view.members().values())
                    && view.members().size() == 1);
    assertThat(shard.sessionState()).isEqualTo(SessionState.CONNECTED);
  }

  @Test
  void afterALostSessionTheMemberRegistersAgain() throws Exception {
    Coordination shard = connect();
    Coordination observer = connect();
    List<SessionState> states = statesOf(shard);
    shard.membership().join(member("shard-1", 1));
    endSession(shard);
    until(() -> states.contains(SessionState.LOST));
    until(() -> states.get(states.size() - 1) == SessionState.CONNECTED);
    until(() -> members(observer).contains("shard-1"));

    shard.close();
    until(() -> members(observer).isEmpty());
  }

  @Test
  void aMemberThatLeftStaysGoneAfterALostSession() throws Exception {
    Coordination shard = connect();
    Coordination observer = connect();
    shard.membership().join(member("shard-1", 1));
    shard.membership().leave();
    List<SessionState> states = statesOf(shard);
    endSession(shard);
    until(() -> states.contains(SessionState.LOST));
    until(() -> shard.sessionState() == SessionState.CONNECTED);
    observer.membership().join(member("shard-2", 2));

    until(() -> members(shard).equals(Set.of("shard-2")));
  }

  @Test
  void aLaterProcessOfTheSameIdReplacesTheEarlierWithoutAGap() {
    Coordination earlier = connect();
    Coordination observer = connect();
    List<SessionState> states = statesOf(earlier);
    earlier.membership().join(member("shard-1", 1));
    until(() -> members(observer).contains("shard-1"));
    List<ClusterView> views = viewsOf(observer);
    Coordination later = connect();
    later.membership().join(member("shard-1", 2));

    until(() -> member("shard-1", 2).equals(observer.watch().view().members().get("shard-1")));
    until(() -> states.contains(SessionState.LOST));
    assertThat(earlier.sessionState()).isEqualTo(SessionState.LOST);
    assertThat(later.sessionState()).isEqualTo(SessionState.CONNECTED);
    earlier.close();
    observer.membership().join(member("shard-2", 3));
    until(() -> members(observer).contains("shard-2"));
    assertThat(views).allMatch(view -> view.members().containsKey("shard-1"));
  }

  @Test
  void aReplacedProcessIsLostForGood() throws Exception {
    Coordination earlier = connect();
    Coordination later = connect();
    List<SessionState> states = statesOf(earlier);
    earlier.membership().join(member("shard-1", 1));
    later.membership().join(member("shard-1", 2));
    until(() -> states.contains(SessionState.LOST));
    endSession(earlier);
    later.membership().join(member("shard-1", 2).toBuilder().setZone("rack-1").build());
    // It is connected again, and sees what happens.
    until(
        () -> {
          Member seen = earlier.watch().view().members().get("shard-1");
          return seen != null && seen.getZone().equals("rack-1");
        });

    assertThat(states).containsExactly(SessionState.LOST);
    assertThat(earlier.sessionState()).isEqualTo(SessionState.LOST);
    assertThat(later.sessionState()).isEqualTo(SessionState.CONNECTED);
  }

  @Test
  void aReplacedProcessDoesNotLead() {
    Candidate earlier = candidate("shard-1");
    earlier.coordination.membership().join(member("shard-1", 1));
    until(earlier::leads);
    Coordination undecided = connect();
    undecided.membership().join(member("shard-2", 1));
    Coordination later = connect();
    later.membership().join(member("shard-1", 2));
    later.membership().join(member("shard-2", 2));
    until(() -> undecided.sessionState() == SessionState.LOST);
    until(() -> !earlier.leads());
    Candidate afterwards = new Candidate("shard-2", undecided);
    Candidate next = candidate("shard-3");

    until(next::leads);
    assertThat(earlier.leads()).isFalse();
    assertThat(afterwards.news).isEmpty();
    until(() -> next.coordination.watch().view().controller().equals("shard-3"));
  }

  @Test
  void aViewHasEverythingThatIsStored() {
    Coordination shard = connect();
    Coordination observer = connect();
    AssignmentTarget target = AssignmentTarget.newBuilder().addOwners("shard-1").build();
    RangeRecord range = RangeRecord.newBuilder().setEpoch(3).setOwner("shard-1").build();
    NamespaceDefinition shop = NamespaceDefinition.newBuilder().setName("shop").setUid(7).build();
    shard.membership().join(member("shard-1", 1));
    new Candidate("shard-1", shard);
    get(shard.assignment().compareAndSet(Versioned.ABSENT, target));
    get(shard.ranges().compareAndSet(5, Versioned.ABSENT, range));
    get(shard.namespaces().compareAndSet(Versioned.ABSENT, shop));
    until(() -> complete(observer.watch().view(), target, range, shop));

    ClusterView view = observer.watch().view();
    assertThat(view.config()).isEqualTo(ClusterCreation.configuration(RANGES));
    assertThat(view.ranges()).hasSize(RANGES);
    assertThat(view.ranges().get(4)).isEqualTo(RangeRecord.getDefaultInstance());
    assertThat(view.assignment().version()).isZero();
    assertThat(view.namespaces().keySet()).containsExactly("default", "shop");
    assertThat(viewsOf(observer)).as("the present view comes first").first().isEqualTo(view);
    assertThat(connect().watch().view()).as("the first view of another").isEqualTo(view);
  }

  private static boolean complete(
      ClusterView view, AssignmentTarget target, RangeRecord range, NamespaceDefinition namespace) {
    return view.members().containsKey("shard-1")
        && view.controller().equals("shard-1")
        && view.assignment().value().equals(target)
        && view.ranges().get(5).equals(range)
        && namespace.equals(view.namespaces().get("shop"));
  }

  @Test
  void eachViewIsNewerThanTheOneBefore() {
    Coordination writer = connect();
    List<ClusterView> views = viewsOf(connect());
    for (int i = 0; i < 30; i++) {
      get(writer.assignment().compareAndSet(i - 1, AssignmentTarget.getDefaultInstance()));
    }
    until(() -> views.get(views.size() - 1).assignment().version() == 29);

    assertThat(views)
        .extracting(view -> view.assignment().version())
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void aBurstOfChangesIsOneViewOrFew() throws Exception {
    Coordination writer = connect();
    Coordination observer = connect();
    List<ClusterView> views = viewsOf(observer);
    CountDownLatch burstIsOver = new CountDownLatch(1);
    // Holds the thread that views come on, which a listener must not do, until all is stored.
    observer.watch().listen(view -> awaitUninterruptibly(burstIsOver));
    int changes = 100;
    for (int i = 0; i < changes; i++) {
      get(writer.assignment().compareAndSet(i - 1, AssignmentTarget.getDefaultInstance()));
    }
    burstIsOver.countDown();
    until(() -> views.get(views.size() - 1).assignment().version() == changes - 1);

    assertThat(views).hasSizeLessThan(changes / 4);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aListenerThatThrowsCostsTheOthersNothing() throws Exception {
    Coordination shard = connect();
    shard
        .watch()
        .listen(
            view -> {
              throw new IllegalStateException("view listener of a test");
            });
    shard.listenToSession(
        state -> {
          throw new IllegalStateException("session listener of a test");
        });
    shard
        .election()
        .campaign(
            "shard-1",
            elected -> {
              throw new IllegalStateException("election listener of a test");
            });
    List<ClusterView> views = viewsOf(shard);
    List<SessionState> states = statesOf(shard);
    until(() -> views.get(views.size() - 1).controller().equals("shard-1"));
    shard.membership().join(member("shard-1", 1));
    until(() -> views.get(views.size() - 1).members().containsKey("shard-1"));
    endSession(shard);

    until(() -> states.contains(SessionState.CONNECTED));
    assertThat(states).contains(SessionState.LOST);
  }

  @Test
  void everythingIsToldOnOneThread() throws Exception {
    Coordination shard = connect();
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    List<Object> news = new CopyOnWriteArrayList<>();
    List<SessionState> states = statesOf(shard);
    shard.watch().listen(view -> hear(threads, news, view));
    shard.listenToSession(state -> hear(threads, news, state));
    shard.election().campaign("shard-1", elected -> hear(threads, news, elected));
    CompletableFuture<Void> answered =
        shard.ranges().read(0).thenAccept(record -> hear(threads, news, record));
    get(answered);
    until(() -> news.contains(true));
    endSession(shard);
    until(() -> states.contains(SessionState.CONNECTED));

    until(() -> news.contains(SessionState.CONNECTED));
    // A future that was complete already runs its callback on the caller's thread.
    threads.remove(Thread.currentThread());
    assertThat(threads).hasSize(1);
  }

  private static void hear(Set<Thread> threads, List<Object> news, Object what) {
    threads.add(Thread.currentThread());
    news.add(what);
  }

  @Test
  void oneOfManyCandidatesLeadsAndEachInTurn() {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      candidates.add(candidate("shard-" + i));
    }
    Coordination observer = connect();
    while (!candidates.isEmpty()) {
      Candidate leader = awaitLeader(candidates);
      until(() -> observer.watch().view().controller().equals(leader.id));
      candidates.remove(leader);
      leader.coordination.close();
      until(() -> !leader.leads());
    }

    until(() -> observer.watch().view().controller().isEmpty());
  }

  @Test
  void whoLosesItsSessionLosesTheElection() throws Exception {
    Candidate first = candidate("shard-1");
    until(first::leads);
    Candidate second = candidate("shard-2");
    until(() -> second.coordination.watch().view().controller().equals("shard-1"));
    endSession(first.coordination);

    until(() -> first.news.contains(false));
    Candidate leader = awaitLeader(List.of(first, second));
    Candidate other = leader == first ? second : first;
    until(() -> other.coordination.watch().view().controller().equals(leader.id));
    leader.coordination.close();
    until(other::leads);
  }

  @Test
  void aProcessStandsForElectionOnce() {
    Candidate once = candidate("shard-1");

    assertThatThrownBy(() -> once.coordination.election().campaign("shard-2", elected -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("campaign: shard-2 (expected: one for each connection)");
  }

  @Test
  void aClosedProcessIsNobodyAndItsCallsFail() {
    Candidate candidate = candidate("shard-1");
    Coordination closed = candidate.coordination;
    closed.membership().join(member("shard-1", 1));
    until(candidate::leads);
    Coordination observer = connect();
    List<SessionState> states = statesOf(closed);
    closed.close();
    closed.close();

    until(() -> members(observer).isEmpty() && observer.watch().view().controller().isEmpty());
    until(() -> !candidate.leads());
    assertThat(closed.sessionState()).isEqualTo(SessionState.LOST);
    assertThat(states).isEmpty();
    assertThatThrownBy(() -> get(closed.ranges().read(0)))
        .isInstanceOf(CoordinationException.class);
    assertThatThrownBy(
            () -> get(closed.ranges().compareAndSet(0, -1, RangeRecord.getDefaultInstance())))
        .isInstanceOf(CoordinationException.class);
    assertThatThrownBy(() -> closed.membership().join(member("shard-1", 1)))
        .isInstanceOf(CoordinationException.class);
  }

  @Test
  void processesThatComeTogetherCreateOneCluster() throws Exception {
    int processes = 6;
    CyclicBarrier together = new CyclicBarrier(processes);
    List<CompletableFuture<Coordination>> connecting = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      int rangeCount = 2 << i;
      CompletableFuture<Coordination> connected = new CompletableFuture<>();
      connecting.add(connected);
      new Thread(
              () -> {
                try {
                  together.await();
                  connected.complete(connect(rangeCount));
                } catch (Exception e) {
                  connected.completeExceptionally(e);
                }
              })
          .start();
    }
    Set<ClusterConfig> configs = new HashSet<>();
    Set<Object> namespaces = new HashSet<>();
    for (CompletableFuture<Coordination> connected : connecting) {
      Coordination coordination = get(connected);
      configs.add(coordination.watch().view().config());
      namespaces.add(get(coordination.namespaces().read("default")));
    }

    assertThat(configs).hasSize(1);
    assertThat(namespaces).hasSize(1);
  }

  @Test
  void aNewClusterHasTheDefaultNamespace() {
    NamespaceDefinition byDefault = get(connect().namespaces().read("default")).value();

    assertThat(byDefault.getMetricsList())
        .containsExactly(MetricDefinition.newBuilder().setName("clicks").build());
    assertThat(byDefault.getUid()).isNotZero();
  }

  @Test
  void aClusterKeepsItsNumberOfRanges() {
    connect(RANGES).close();

    assertThat(connect(2 * RANGES).watch().view().config().getRangeCount()).isEqualTo(RANGES);
  }

  @Test
  void aClusterThatHashesOtherwiseIsRefused() throws Exception {
    create(
        cluster,
        ClusterConfig.newBuilder().setRangeCount(RANGES).setHashName("murmur3-32").build());

    assertThatThrownBy(this::connect)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("murmur3-32 (expected: " + KeyHash.NAME + ")");
  }
}
