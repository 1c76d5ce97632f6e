/** The journal of a range: a fenced stream of ledgers with snapshots. */
@NullMarked
package org.tallyring.shardserver.journal;

import org.jspecify.annotations.NullMarked;
