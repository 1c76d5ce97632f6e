/** Configuration, start and stop of a shard server. */
@NullMarked
package org.tallyring.shardserver.server;

import org.jspecify.annotations.NullMarked;
