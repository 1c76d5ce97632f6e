package org.tallyring.shardserver.engine;

import java.util.List;
import org.tallyring.proto.v1.Event;

/**
 * Events of a range, as many as one query takes.
 *
 * @param events in order; the sampled hits last
 * @param missed how many events before these are not kept any more
 * @param missedHits how many sampled hits are not
 * @param number where to go on, see {@link EventQuery#afterNumber}
 * @param hit where to go on, see {@link EventQuery#afterHit}
 * @param more whether there is more already
 */
public record EventPage(
    List<Event> events, long missed, long missedHits, long number, long hit, boolean more) {}
