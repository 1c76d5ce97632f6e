package org.tallyring.shardserver.coordination;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.tallyring.proto.internal.v1.AssignmentTarget;
import org.tallyring.proto.internal.v1.ClusterConfig;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.proto.internal.v1.NamedSnapshot;
import org.tallyring.proto.v1.NamespaceDefinition;

/**
 * What a coordination service holds about one cluster, in memory. Each {@link InMemoryCoordination}
 * connected to it stands for a process, with a session that a test can break. Thread-safe.
 *
 * <p>Its lock is the lock of all its processes. After each change every process does at once what
 * the change makes it do (renew a registration, become leader, ask for a new view) and hears of it
 * on its executor; a process that changes something thereby makes all of them look again.
 */
public final class InMemoryCluster {

  static final String ASSIGNMENT = "assignment";

  record Registration(long session, Member member) {}

  private record Candidate(long session, String id) {}

  private final InMemoryRangeStore ranges = new InMemoryRangeStore(this::changed);
  private final InMemoryValues<String, AssignmentTarget> assignments =
      new InMemoryValues<>(AssignmentTarget.getDefaultInstance(), this::changed);
  private final InMemoryValues<String, NamespaceDefinition> namespaces =
      new InMemoryValues<>(NamespaceDefinition.getDefaultInstance(), this::changed);
  private final InMemoryValues<String, NamedSnapshot> snapshots =
      new InMemoryValues<>(NamedSnapshot.getDefaultInstance(), this::changed);
  private final List<InMemoryCoordination> processes = new CopyOnWriteArrayList<>();
  private final Set<Long> sessions = new HashSet<>();
  private final SortedMap<String, Registration> registrations = new TreeMap<>();
  private final List<Candidate> line = new ArrayList<>();
  private ClusterConfig config = ClusterConfig.getDefaultInstance();
  private long lastSession;
  private boolean electsEverybody;
  private boolean unsettled;

  /** Creates the cluster with a configuration of the test's choice; before anyone connects. */
  synchronized void create(ClusterConfig config) {
    this.config = config;
  }

  /** A process that is called on a thread of its own. */
  public InMemoryCoordination connect(int rangeCount) {
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread created = new Thread(task, "coordination-in-memory");
              created.setDaemon(true);
              return created;
            });
    return connect(rangeCount, thread, thread::shutdown);
  }

  /** A process that is called on the given executor, which runs one task at a time. */
  public InMemoryCoordination connect(int rangeCount, Executor executor) {
    return connect(rangeCount, executor, () -> {});
  }

  private synchronized InMemoryCoordination connect(
      int rangeCount, Executor executor, Runnable whenClosed) {
    if (config.getRangeCount() == 0) {
      config = ClusterCreation.configuration(rangeCount);
    }
    ClusterCreation.requireSameHash("in memory", config);
    NamespaceDefinition byDefault = ClusterCreation.defaultNamespace();
    if (namespaces.stored(byDefault.getName()).version() == Versioned.ABSENT) {
      namespaces.tamper(byDefault.getName(), none -> byDefault);
    }
    InMemoryCoordination process = new InMemoryCoordination(this, executor, whenClosed);
    processes.add(process);
    return process;
  }

  /** The assignment, under the one key {@value #ASSIGNMENT}. */
  InMemoryValues<String, AssignmentTarget> assignments() {
    return assignments;
  }

  /** Spoils the next compare-and-set of the assignment. */
  public void nextAssignmentGoesWrong(Mishap how) {
    assignments.nextGoesWrong(how);
  }

  /** Lets something happen just before the next compare-and-set of the assignment. */
  public void happensBeforeNextAssignment(Runnable what) {
    assignments.happensBeforeNext(what);
  }

  /** Stores an assignment behind everybody's back. */
  public void assign(AssignmentTarget target) {
    assignments.tamper(ASSIGNMENT, before -> target);
  }

  /** The assignment as stored. */
  public Versioned<AssignmentTarget> assignment() {
    return assignments.stored(ASSIGNMENT);
  }

  /** The records of the ranges. */
  public InMemoryRangeStore ranges() {
    return ranges;
  }

  /** The definitions of the namespaces, by name. */
  public InMemoryValues<String, NamespaceDefinition> namespaces() {
    return namespaces;
  }

  /** The named snapshots, by name. */
  public InMemoryValues<String, NamedSnapshot> snapshots() {
    return snapshots;
  }

  /** Makes all candidates believe that they lead, as pauses and lost messages can. */
  public synchronized void electEverybody() {
    electsEverybody = true;
    changed();
  }

  synchronized ClusterView view() {
    SortedMap<String, Member> members = new TreeMap<>();
    registrations.forEach((id, registration) -> members.put(id, registration.member()));
    return new ClusterView(
        config,
        Collections.unmodifiableSortedMap(members),
        line.isEmpty() ? "" : line.get(0).id(),
        assignment(),
        IntStream.range(0, config.getRangeCount()).mapToObj(ranges::record).toList(),
        Collections.unmodifiableSortedMap(new TreeMap<>(namespaces.all())));
  }

  synchronized void changed() {
    do {
      unsettled = false;
      processes.forEach(InMemoryCoordination::settle);
    } while (unsettled);
  }

  synchronized long openSession() {
    sessions.add(++lastSession);
    return lastSession;
  }

  synchronized boolean lives(long session) {
    return sessions.contains(session);
  }

  /** Ends a session, and with it its registration and candidacy. */
  synchronized void endSession(long session) {
    sessions.remove(session);
    unregister(session);
    leaveLine(session);
  }

  synchronized Optional<Registration> registration(String id) {
    return Optional.ofNullable(registrations.get(id));
  }

  synchronized void register(long session, Member member) {
    registrations.put(member.getId(), new Registration(session, member));
    unsettled = true;
  }

  synchronized void unregister(long session) {
    unsettled |= registrations.values().removeIf(held -> held.session() == session);
  }

  /** Puts a session at the end of the line of candidates, if it is not in it. */
  synchronized void standInLine(long session, String id) {
    if (line.stream().noneMatch(candidate -> candidate.session() == session)) {
      line.add(new Candidate(session, id));
      unsettled = true;
    }
  }

  synchronized void leaveLine(long session) {
    unsettled |= line.removeIf(candidate -> candidate.session() == session);
  }

  synchronized boolean leads(long session) {
    return electsEverybody || (!line.isEmpty() && line.get(0).session() == session);
  }

  synchronized void disconnect(InMemoryCoordination process) {
    processes.remove(process);
  }
}
