/** Consistent hashing of ranges to shards, with virtual nodes and bounded load. */
@NullMarked
package org.tallyring.topology.ring;

import org.jspecify.annotations.NullMarked;
