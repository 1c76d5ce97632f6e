/** Membership, election and configuration; the only code that talks to ZooKeeper. */
@NullMarked
package org.tallyring.shardserver.coordination;

import org.jspecify.annotations.NullMarked;
