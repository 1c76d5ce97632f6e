/** Shards, and which of them should own which range. */
@NullMarked
package org.tallyring.topology.assignment;

import org.jspecify.annotations.NullMarked;
