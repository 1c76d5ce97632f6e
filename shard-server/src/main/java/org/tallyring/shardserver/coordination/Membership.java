package org.tallyring.shardserver.coordination;

import org.tallyring.proto.internal.v1.Member;

/** Being one of the cluster's live shards. Thread-safe. */
public interface Membership {

  /**
   * Registers this process under its id for as long as its session lives; again by itself, after a
   * lost session. A registration of the same id by an earlier process is replaced, and that
   * process, should it still live, has the session state {@link SessionState#LOST} from then on and
   * for good. Returns when registered.
   *
   * @throws CoordinationException if the registration failed
   */
  void join(Member member);

  /**
   * Changes what this process's registration says, soon and again after a lost session. Returns at
   * once. Does nothing if there is no registration of the same incarnation.
   */
  void update(Member member);

  /** Ends the registration. Does nothing if there is none. */
  void leave();
}
