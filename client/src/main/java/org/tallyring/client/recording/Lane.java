package org.tallyring.client.recording;

import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.tallyring.client.TallyringException;
import org.tallyring.client.loop.Backoff;
import org.tallyring.client.loop.EventLoop;
import org.tallyring.client.topology.ClusterTopology;
import org.tallyring.proto.internal.v1.EncodedStreamRequest;
import org.tallyring.proto.v1.ErrorReason;
import org.tallyring.proto.v1.RangeOwnership;
import org.tallyring.proto.v1.RecordStreamResponse;

/**
 * Brings the batches of one range to its owner, in order and exactly once. Confined to the loop,
 * but for its intake.
 *
 * <h2>The numbers</h2>
 *
 * <p>Batches go through two queues: {@code ready} holds those without a number, {@code sent} those
 * with one. A number is given at the moment of sending, from 1 and without gaps within a session of
 * the lane's own. The range applies number n+1 only after n and answers a number it has applied
 * with "duplicate". Everything follows from one rule:
 *
 * <blockquote>
 *
 * A number that may have reached the range means the same increments for ever.
 *
 * </blockquote>
 *
 * <p>If it could come to mean others, an old attempt that is still somewhere on its way could be
 * applied under it, and the others would then be answered with "duplicate" and be lost. Such an old
 * attempt exists for as long as an attempt ended without a definite answer: its stream broke, or
 * the answer was "in doubt". The batch is then {@code doubtful}, and for it there is only to send
 * the same again. A batch whose attempts were all refused, on the other hand, has a number that
 * means nothing to anybody; it goes back to {@code ready}, its number to the next batch that is
 * sent.
 *
 * <p>So a batch that is dropped for good (its metric does not exist) leaves no hole: it and all
 * that follow it were refused, since the range saw a gap, and the numbering goes on where the range
 * stands. Only if one of them is doubtful the lane begins a new session. In the old one the number
 * of the dropped batch stays missing, which bars every old attempt behind it.
 *
 * <h2>Why a sent batch outlives its deadline</h2>
 *
 * <p>When the deadline ends, a batch without a number is simply removed: it is definitely not
 * recorded. One with a number is not. To remove it would leave a hole that the range never lets
 * anything past, and to give its number to the next batch would break the rule above. To begin a
 * new session would be allowed, but would take the protection from the batches behind it: their
 * callers still wait, and an attempt of theirs may be applied under the old session after they were
 * sent under the new one. So its callers are told that it is in doubt, and the batch itself stays
 * and is sent until its number is settled one way or the other, or the client is closed.
 *
 * <h2>Whose verdict counts</h2>
 *
 * <p>After a refusal everything behind it on the same stream is refused as well, with a gap, or in
 * a session the range has not seen yet even as expired. So a refusal stops the sending; when all
 * that was on its way has been answered, the lane acts on the refusal of the first batch alone and
 * sends the rest again from there. That a session is expired or has a gap is believed only about an
 * attempt that was made while nothing else was on its way: any other may be the consequence of an
 * earlier refusal. "Applied" and "duplicate" are facts about the range and are believed from any
 * stream.
 *
 * <h2>Asking a range that does not serve</h2>
 *
 * <p>A range that is being recovered refuses whatever comes, and to be refused costs the shard the
 * time that it needs for recovering. When a shard has died all lanes of its ranges ask at once, so
 * each does with its first batch alone until that is answered, and ever more seldom. It comes to no
 * harm: the topology says when the range is served, and ends the wait.
 */
final class Lane {

  private static final int SESSION_BYTES = 16;
  private static final Duration FIRST_DELAY = Duration.ofMillis(20);
  private static final Duration LONGEST_DELAY = Duration.ofSeconds(1);

  /**
   * How many times longer than it was asked to a lane waits at most. The picture that ends a wait
   * comes a moment before the range takes batches, so a long one would be too long again and again.
   */
  private static final int MOST_TIMES_THE_DELAY = 4;

  private final int rangeId;
  private final RecordingSettings settings;
  private final EventLoop loop;
  private final ShardStreams streams;
  private final Results results;
  private final Supplier<@Nullable ClusterTopology> topology;
  private final Linger linger;
  private final RandomGenerator random;
  private final Backoff backoff;
  private final Intake intake;

  private final Deque<Batch> ready = new ArrayDeque<>();
  private final List<Batch> sent = new ArrayList<>(RecordingSettings.BATCHES_IN_FLIGHT);

  private LaneState state = LaneState.FLOWING;
  private ByteString session;
  private long nextSequence = 1;

  /** How many of {@code sent}, from the first on, have been sent since the lane began to flow. */
  private int resent;

  private @Nullable ShardStream stream;
  private @Nullable Route route;

  /** What a shard said about the owner; of use while the topology knows only earlier epochs. */
  private @Nullable Route hint;

  /** The ownership at the beginning of the present wait: another one ends it. */
  private @Nullable RangeOwnership waitingSince;

  /** Counts the waits, so that the timer of an earlier one is recognised. */
  private int waits;

  /** Whether the first batch is on its way alone, to find out whether the range takes anything. */
  private boolean probing;

  private boolean blocked;
  private long blockedSince;
  private boolean stuck;
  private long stuckSince;

  /** Read by other threads, to decide how long a batch waits for more rows. */
  private volatile boolean idle = true;

  /** Read by other threads: sealed batches wait, behind which another would only wait, too. */
  private volatile boolean backedUp;

  Lane(
      int rangeId,
      RecordingSettings settings,
      EventLoop loop,
      ShardStreams streams,
      Results results,
      Supplier<@Nullable ClusterTopology> topology,
      Linger linger,
      RandomGenerator random) {
    this.rangeId = rangeId;
    this.settings = settings;
    this.loop = loop;
    this.streams = streams;
    this.results = results;
    this.topology = topology;
    this.linger = linger;
    this.random = random;
    backoff = new Backoff(FIRST_DELAY, LONGEST_DELAY, random);
    intake = new Intake(loop::nanoTime, batch -> loop.execute(() -> accept(batch)));
    session = newSession(random);
  }

  /** Where callers put their rows. */
  Intake intake() {
    return intake;
  }

  /** Whether a batch that is sealed now could not be sent. */
  boolean isBackedUp() {
    return backedUp;
  }

  private void noteLoad() {
    idle = sent.isEmpty() && ready.isEmpty();
    backedUp = !ready.isEmpty();
  }

  /** The batches whose callers still wait. */
  List<Batch> unsettled() {
    List<Batch> batches = new ArrayList<>(sent);
    batches.removeIf(batch -> batch.givenUp);
    batches.addAll(ready);
    return batches;
  }

  private void accept(Batch batch) {
    if (state == LaneState.CLOSED) {
      results.fail(batch, closed());
      return;
    }
    ready.add(batch);
    pump();
    noteLoad();
  }

  /** Sends what may be sent. */
  private void pump() {
    while (state == LaneState.FLOWING) {
      boolean again = resent < sent.size();
      if (probing && resent > 0) {
        return;
      }
      if (!again && (ready.isEmpty() || sent.size() >= RecordingSettings.BATCHES_IN_FLIGHT)) {
        return;
      }
      ShardStream open = stream == null ? attach() : stream;
      if (open == null) {
        return;
      }
      if (!open.isReady()) {
        if (!blocked) {
          blocked = true;
          blockedSince = loop.nanoTime();
        }
        return;
      }
      blocked = false;
      if (!again) {
        Batch next = ready.remove();
        next.sequence = nextSequence++;
        next.firstSentAt = loop.nanoTime();
        sent.add(next);
      }
      send(open, sent.get(resent++));
    }
  }

  private void send(ShardStream open, Batch batch) {
    batch.leading = pending() == 0;
    batch.refusal = null;
    batch.pendingOn = open;
    batch.pendingSince = loop.nanoTime();
    open.send(
        EncodedStreamRequest.newBuilder()
            .setSessionId(session)
            .setBatch(batch.columns.encode(settings.namespace(), rangeId, batch.sequence))
            .build());
  }

  private int pending() {
    int count = 0;
    for (Batch batch : sent) {
      if (batch.pendingOn != null) {
        count++;
      }
    }
    return count;
  }

  /** Finds the owner and the stream to it, or waits for one. */
  private @Nullable ShardStream attach() {
    Route next = nextRoute();
    if (next == null) {
      await(backoff.next());
      return null;
    }
    route = next;
    stream = streams.to(next.address());
    return stream;
  }

  private @Nullable Route nextRoute() {
    ClusterTopology picture = topology.get();
    Route told = hint;
    if (picture == null) {
      return told;
    }
    RangeOwnership range = picture.range(rangeId);
    if (told != null && told.epoch() > range.getEpoch()) {
      return told;
    }
    hint = null;
    String address = picture.addressOf(range.getOwner());
    if (address == null) {
      // The owner is gone. Who shall take the range over says how long that will take.
      address = picture.addressOf(range.getAssigned());
    }
    return address == null ? null : new Route(address, range.getEpoch());
  }

  /** Takes an answer that came in on a stream. */
  void answered(ShardStream from, RecordStreamResponse response) {
    Batch batch = find(response);
    if (batch == null) {
      return;
    }
    switch (response.getOutcome()) {
      case OUTCOME_APPLIED -> {
        linger.noteAnswer(loop.nanoTime() - batch.pendingSince);
        settle(batch, duplicateRows(response, batch.columns.rows()));
      }
      case OUTCOME_DUPLICATE -> {
        BitSet all = new BitSet();
        all.set(0, batch.columns.rows());
        settle(batch, all);
      }
      default -> {
        if (batch.pendingOn != from) {
          return;
        }
        batch.pendingOn = null;
        batch.refusal = Refusal.of(response, batch.columns.rows());
        if (response.getOutcome() != RecordStreamResponse.Outcome.OUTCOME_REFUSED) {
          batch.doubtful = true;
        }
        if (state == LaneState.FLOWING) {
          state = state.become(LaneState.DRAINING);
        }
      }
    }
    if (state == LaneState.DRAINING && pending() == 0) {
      resolve();
    }
    pump();
    noteLoad();
    if (!backedUp) {
      intake.sealIfBegunBy(loop.nanoTime() - lingerNanos());
    }
  }

  /** How long a batch waits for more rows now. */
  long lingerNanos() {
    return linger.nanos(idle);
  }

  private @Nullable Batch find(RecordStreamResponse response) {
    if (!response.getSessionId().equals(session)) {
      return null;
    }
    for (Batch batch : sent) {
      if (batch.sequence == response.getSequence()) {
        return batch;
      }
    }
    return null;
  }

  /** The rows whose event ids had counted already. */
  private static BitSet duplicateRows(RecordStreamResponse response, int rows) {
    BitSet duplicate = new BitSet();
    response.getDuplicateRowsList().stream()
        .filter(row -> row >= 0 && row < rows)
        .forEach(duplicate::set);
    return duplicate;
  }

  private void settle(Batch batch, BitSet duplicateRows) {
    int index = sent.indexOf(batch);
    sent.remove(index);
    if (index < resent) {
      resent--;
    }
    results.succeed(batch, duplicateRows);
    backoff.reset();
    probing = false;
    stuck = false;
  }

  /** Everything on its way has been answered after a refusal: acts on it. */
  private void resolve() {
    Refusal refusal = sent.isEmpty() ? null : sent.get(0).refusal;
    if (refusal == null) {
      flow();
      return;
    }
    Batch head = sent.get(0);
    probing = false;
    switch (refusal.kind()) {
      case ELSEWHERE -> redirect(refusal);
      case LATER -> await(delayAfter(refusal));
      case SEQUENCE -> {
        if (!head.leading) {
          flow();
        } else if (head.sequence == 1) {
          // No range can miss anything before the first number; asked again, it may know better.
          await(backoff.next());
        } else {
          abandonSession(refusal.message());
          flow();
        }
      }
      case ROWS -> {
        results.failRows(head, refusal);
        if (head.columns.rows() == 0) {
          sent.remove(0);
          results.release(head);
        }
        renumber(head);
        flow();
      }
      case WHOLE -> {
        sent.remove(0);
        results.fail(head, refusal.failure());
        renumber(head);
        flow();
      }
    }
  }

  /** What the shard asked for, or longer the more often it did. */
  private Duration delayAfter(Refusal refusal) {
    Duration own = backoff.next();
    Duration asked = refusal.delay();
    if (asked == null) {
      return own;
    }
    Duration longest = asked.multipliedBy(MOST_TIMES_THE_DELAY);
    Duration bounded = own.compareTo(longest) < 0 ? own : longest;
    return bounded.compareTo(asked) > 0 ? bounded : asked;
  }

  private void redirect(Refusal refusal) {
    Route told = refusal.hint();
    Route asked = route;
    stream = null;
    // Only news is followed at once; two shards that each take the other for the owner would keep
    // the lane running between them.
    if (told != null && (asked == null || told.epoch() > asked.epoch())) {
      hint = told;
      flow();
      return;
    }
    Route known = nextRoute();
    if (known != null && asked != null && known.epoch() > asked.epoch()) {
      flow();
    } else {
      await(backoff.next());
    }
  }

  /**
   * The range has forgotten the session, or misses what it had acknowledged: whether doubtful
   * batches were applied cannot be found out any more. The others begin a new session.
   */
  private void abandonSession(String why) {
    for (Batch batch : List.copyOf(sent)) {
      if (batch.doubtful) {
        sent.remove(batch);
        results.fail(
            batch,
            TallyringException.inDoubt(
                "no definite answer, and the range cannot say any more: " + why));
      }
    }
    beginSession();
  }

  /**
   * Frees the number of the first batch, which the range refused for good in this form, and those
   * of the batches behind it, which it refused because of that.
   */
  private void renumber(Batch head) {
    if (head.doubtful || sent.stream().anyMatch(batch -> batch.doubtful)) {
      beginSession();
    } else {
      unsend();
      nextSequence = head.sequence;
    }
  }

  private void beginSession() {
    for (Batch batch : sent) {
      batch.forgetAttempts();
    }
    unsend();
    session = newSession(random);
    nextSequence = 1;
  }

  /** Takes the numbers back from the batches behind the last doubtful one. */
  private void unsend() {
    for (int last = sent.size() - 1; last >= 0 && !sent.get(last).doubtful; last--) {
      Batch batch = sent.remove(last);
      nextSequence = batch.sequence;
      batch.forgetAttempts();
      if (batch.givenUp) {
        results.release(batch);
      } else {
        ready.addFirst(batch);
      }
    }
    resent = 0;
  }

  /** Sends again, from the first unanswered batch on. */
  private void flow() {
    unsend();
    blocked = false;
    if (state != LaneState.FLOWING) {
      state = state.become(LaneState.FLOWING);
    }
    pump();
  }

  private void await(Duration delay) {
    unsend();
    blocked = false;
    state = state.become(LaneState.WAITING);
    probing = true;
    ClusterTopology picture = topology.get();
    waitingSince = picture == null ? null : picture.range(rangeId);
    if (!stuck) {
      stuck = true;
      stuckSince = loop.nanoTime();
    }
    int wait = ++waits;
    loop.schedule(
        () -> {
          if (state == LaneState.WAITING && wait == waits) {
            reroute();
          }
        },
        delay);
  }

  /** Ends a wait. The owner may have changed meanwhile. */
  private void reroute() {
    Route next = nextRoute();
    ShardStream open = stream;
    if (open != null && next != null && !open.address().equals(next.address())) {
      stream = null;
    }
    flow();
  }

  /** There is a new picture of the cluster. */
  void topologyChanged(ClusterTopology picture) {
    if (state == LaneState.WAITING) {
      if (!picture.range(rangeId).equals(waitingSince)) {
        backoff.reset();
        reroute();
      }
      return;
    }
    ShardStream open = stream;
    Route next = nextRoute();
    if (state == LaneState.CLOSED
        || open == null
        || next == null
        || next.address().equals(open.address())) {
      return;
    }
    // The former owner is fenced, so nothing more is lost by not waiting for its answers: a paused
    // process would never give them. Those that come in all the same are still believed.
    sent.forEach(Batch::lose);
    stream = null;
    flow();
  }

  /** There is room on a stream. */
  void ready(ShardStream open) {
    if (open == stream) {
      pump();
      noteLoad();
    }
  }

  /** A stream has ended. */
  void lost(ShardStream ended) {
    if (ended != stream || state == LaneState.CLOSED) {
      return;
    }
    sent.forEach(Batch::lose);
    stream = null;
    hint = null;
    if (state == LaneState.WAITING) {
      return;
    }
    if (sent.isEmpty() && ready.isEmpty()) {
      flow();
    } else {
      await(backoff.next());
    }
  }

  /**
   * Looks at the clock: deadlines, and answers that do not come.
   *
   * @return whether there has been no progress for so long that the topology may be out of date
   */
  boolean tick() {
    long now = loop.nanoTime();
    expire(now);
    distrustOldSession(now);
    ShardStream open = stream;
    if (open != null) {
      boolean silent =
          sent.stream()
              .anyMatch(batch -> batch.pendingOn == open && isOver(batch.pendingSince, now));
      if (silent || (blocked && isOver(blockedSince, now))) {
        open.abort("no answer within " + RecordingSettings.ANSWER_LIMIT.toSeconds() + " s");
      }
    }
    if (idle) {
      stuck = false;
    }
    return stuck && now - stuckSince > RecordingSettings.SUSPICION.toNanos();
  }

  /**
   * A range forgets a session that was idle for an hour, and then takes number 1 for the beginning
   * of a new one: a first batch that was applied would count twice if it came again so late. Later
   * numbers are refused as expired. So a first batch that is in doubt is not sent again after half
   * of that time.
   */
  private void distrustOldSession(long now) {
    Batch head = sent.isEmpty() ? null : sent.get(0);
    if (head == null
        || head.sequence != 1
        || !head.doubtful
        || pending() > 0
        || now - head.firstSentAt < RecordingSettings.SESSION_TRUST.toNanos()) {
      return;
    }
    abandonSession("it was sent too long ago to be sent again");
    if (state != LaneState.WAITING) {
      flow();
    }
  }

  private static boolean isOver(long since, long now) {
    return now - since > RecordingSettings.ANSWER_LIMIT.toNanos();
  }

  private void expire(long now) {
    long deadline = settings.deadline().toNanos();
    for (Batch batch : sent) {
      if (!batch.givenUp && now - batch.begunAt >= deadline) {
        results.giveUp(
            batch,
            TallyringException.inDoubt(
                "no definite answer within " + settings.deadline() + " after it was sent"));
      }
    }
    for (Batch batch = ready.peek();
        batch != null && now - batch.begunAt >= deadline;
        batch = ready.peek()) {
      ready.remove();
      results.fail(
          batch,
          TallyringException.definite(
              ErrorReason.ERROR_REASON_DEADLINE,
              "not sent within "
                  + settings.deadline()
                  + ", as range "
                  + rangeId
                  + " took nothing for so long"));
    }
    noteLoad();
  }

  /** Fails what is left. Nothing is sent or listened to afterwards. */
  void close() {
    state = state.become(LaneState.CLOSED);
    for (Batch batch : sent) {
      results.fail(
          batch, TallyringException.inDoubt("the client was closed before there was an answer"));
    }
    ready.forEach(batch -> results.fail(batch, closed()));
    sent.clear();
    ready.clear();
  }

  private static TallyringException closed() {
    return TallyringException.definite(
        ErrorReason.ERROR_REASON_NOT_READY, "not sent before the client was closed");
  }

  private static ByteString newSession(RandomGenerator random) {
    byte[] bytes = new byte[SESSION_BYTES];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }
}
