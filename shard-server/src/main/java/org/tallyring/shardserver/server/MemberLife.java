package org.tallyring.shardserver.server;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tallyring.proto.internal.v1.Member;
import org.tallyring.shardserver.coordination.ClusterView;
import org.tallyring.shardserver.coordination.Membership;
import org.tallyring.shardserver.coordination.SessionState;
import org.tallyring.topology.assignment.MemberState;

/**
 * How this process stands as a member, and that its registration says so. What others decide on is
 * the assignment and the drains beside it; the state is for people, and follows from those.
 * Thread-safe.
 */
final class MemberLife {

  private static final Logger log = LoggerFactory.getLogger(MemberLife.class);

  private final Membership membership;
  private final Member member;
  private MemberState state = MemberState.JOINING;

  /**
   * A life that has not begun.
   *
   * @param member who it is; its state is set here
   */
  MemberLife(Membership membership, Member member) {
    this.membership = membership;
    this.member = member;
  }

  /** Registers. */
  void join() {
    membership.join(saying(state()));
  }

  synchronized MemberState state() {
    return state;
  }

  /** Follows what the cluster has come to. */
  synchronized void look(ClusterView view) {
    if (isDrained(view) && state.next().contains(MemberState.DRAINING)) {
      move(MemberState.DRAINING);
      membership.update(saying(state));
    } else if (state == MemberState.JOINING && view.servesItsShare(member.getId())) {
      move(MemberState.ACTIVE);
      membership.update(saying(state));
    }
  }

  private boolean isDrained(ClusterView view) {
    Member seen = view.members().get(member.getId());
    return seen != null
        && seen.getIncarnation() == member.getIncarnation()
        && view.draining().contains(member.getId());
  }

  /** A process whose session ended is dead to the others, and joins anew when it is back. */
  synchronized void onSession(SessionState session) {
    if (session == SessionState.LOST && state.next().contains(MemberState.DEAD)) {
      move(MemberState.DEAD);
    } else if (session == SessionState.CONNECTED && state == MemberState.DEAD) {
      move(MemberState.JOINING);
      membership.update(saying(state));
    }
  }

  /** Ends the registration. */
  void leave() {
    synchronized (this) {
      if (state.next().contains(MemberState.LEFT)) {
        move(MemberState.LEFT);
      }
    }
    membership.leave();
  }

  private void move(MemberState next) {
    log.info("{}: {} to {}", member.getId(), state, next);
    state = state.to(next);
  }

  private Member saying(MemberState said) {
    return member.toBuilder()
        .setState(org.tallyring.proto.v1.MemberState.valueOf("MEMBER_STATE_" + said))
        .build();
  }
}
