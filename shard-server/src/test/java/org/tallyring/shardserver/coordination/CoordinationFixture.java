package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;

/** Processes that share a coordination service, and how to look at what they see. */
abstract class CoordinationFixture {

  static final int RANGES = 8;

  private static final AtomicInteger CLUSTERS = new AtomicInteger();

  /** A cluster of its own for each test. */
  final String cluster = "cluster-" + CLUSTERS.incrementAndGet();

  private final List<Coordination> opened = new CopyOnWriteArrayList<>();

  /** A process that joins the cluster of a name, which it creates if it does not exist. */
  abstract Coordination connectTo(String clusterName, int rangeCount);

  /** Creates a cluster with a configuration that this process would not choose. */
  abstract void create(String clusterName, ClusterConfig config) throws Exception;

  /** Ends a process's session against its will; it comes back by itself with another. */
  abstract void endSession(Coordination coordination) throws Exception;

  final Coordination connect() {
    return connect(RANGES);
  }

  final Coordination connect(int rangeCount) {
    Coordination coordination = connectTo(cluster, rangeCount);
    opened.add(coordination);
    return coordination;
  }

  @AfterEach
  final void closeAll() {
    opened.forEach(Coordination::close);
  }

  static Member member(String id, long incarnation) {
    return Member.newBuilder()
        .setId(id)
        .setAddress(id + ":" + incarnation)
        .setWeight(1)
        .setIncarnation(incarnation)
        .build();
  }

  static void until(Callable<Boolean> condition) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(30))
        .until(condition);
  }

  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(e);
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  static Set<String> members(Coordination coordination) {
    return coordination.watch().view().members().keySet();
  }

  static List<ClusterView> viewsOf(Coordination coordination) {
    List<ClusterView> views = new CopyOnWriteArrayList<>();
    coordination.watch().listen(views::add);
    until(() -> !views.isEmpty());
    return views;
  }

  static List<SessionState> statesOf(Coordination coordination) {
    List<SessionState> states = new CopyOnWriteArrayList<>();
    coordination.listenToSession(states::add);
    return states;
  }

  /** Whether a candidate leads, by what it hears. */
  static final class Candidate {
    final String id;
    final Coordination coordination;
    final List<Boolean> news = new CopyOnWriteArrayList<>();

    Candidate(String id, Coordination coordination) {
      this.id = id;
      this.coordination = coordination;
      coordination.election().campaign(id, news::add);
    }

    boolean leads() {
      return !news.isEmpty() && news.get(news.size() - 1);
    }
  }

  final Candidate candidate(String id) {
    return new Candidate(id, connect());
  }

  static Candidate awaitLeader(List<Candidate> candidates) {
    until(() -> candidates.stream().anyMatch(Candidate::leads));
    List<Candidate> leaders = candidates.stream().filter(Candidate::leads).toList();
    assertThat(leaders).hasSize(1);
    return leaders.get(0);
  }
}
