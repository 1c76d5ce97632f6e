package org.tallyring.shardserver.coordination;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;

/** The twin for tests keeps the same promises, and fails when it is told to. */
final class InMemoryCoordinationTest extends CoordinationContractTest {

  private final Map<String, InMemoryCluster> clusters = new ConcurrentHashMap<>();

  private InMemoryCluster cluster(String name) {
    return clusters.computeIfAbsent(name, created -> new InMemoryCluster());
  }

  @Override
  InMemoryCoordination connectTo(String clusterName, int rangeCount) {
    return cluster(clusterName).connect(rangeCount);
  }

  @Override
  void create(String clusterName, ClusterConfig config) {
    cluster(clusterName).create(config);
  }

  @Override
  void endSession(Coordination coordination) {
    ((InMemoryCoordination) coordination).expire();
    ((InMemoryCoordination) coordination).resume();
  }

  @Test
  void aProcessThatIsCutOffKeepsItsSessionAndNothingElse() {
    InMemoryCoordination shard = connectTo(cluster, RANGES);
    Candidate candidate = new Candidate("shard-1", shard);
    shard.membership().join(member("shard-1", 1));
    Coordination observer = connect();
    List<ClusterView> views = viewsOf(observer);
    until(candidate::leads);
    until(() -> members(shard).contains("shard-1"));
    shard.suspend();
    until(() -> !candidate.leads());
    get(observer.assignment().compareAndSet(-1, AssignmentTarget.getDefaultInstance()));
    until(() -> observer.watch().view().assignment().version() == 0);

    assertThat(shard.sessionState()).isEqualTo(SessionState.SUSPENDED);
    assertThat(shard.watch().view().assignment().version()).isEqualTo(Versioned.ABSENT);
    assertThatThrownBy(() -> get(shard.assignment().read()))
        .isInstanceOf(CoordinationException.class);
    shard.resume();
    until(candidate::leads);
    until(() -> shard.watch().view().assignment().version() == 0);
    assertThat(views)
        .allMatch(view -> view.members().containsKey("shard-1"))
        .allMatch(view -> view.controller().equals("shard-1"));
  }

  @Test
  void aProcessWhoseSessionEndedMeanwhileHearsOfItWhenItIsBack() {
    InMemoryCoordination shard = connectTo(cluster, RANGES);
    List<SessionState> states = statesOf(shard);
    shard.membership().join(member("shard-1", 1));
    Coordination observer = connect();
    shard.suspend();
    shard.expire();
    until(() -> members(observer).isEmpty());
    assertThat(shard.sessionState()).isEqualTo(SessionState.SUSPENDED);
    shard.resume();

    until(() -> members(observer).equals(Set.of("shard-1")));
    until(() -> states.size() == 3);
    assertThat(states)
        .containsExactly(SessionState.SUSPENDED, SessionState.LOST, SessionState.CONNECTED);
  }

  @Test
  void anUnclearAnswerTellsNothingAboutWhatIsStored() {
    InMemoryCluster service = cluster(cluster);
    AssignmentStore store = connect().assignment();
    int version = Versioned.ABSENT;
    for (Mishap mishap : Mishap.values()) {
      int before = version;
      service.nextAssignmentGoesWrong(mishap);
      assertThatThrownBy(
              () -> get(store.compareAndSet(before, AssignmentTarget.getDefaultInstance())))
          .isInstanceOf(
              mishap == Mishap.APPLIED_BUT_REPORTED_AS_CONFLICT
                  ? ConflictException.class
                  : CoordinationException.class);
      version = get(store.read()).version();
      assertThat(version)
          .as(mishap.name())
          .isEqualTo(mishap == Mishap.NEITHER_APPLIED_NOR_ANSWERED ? before : before + 1);
    }
  }
}
