/** Shards and clocks for tests. */
@NullMarked
package org.tallyring.aggregator.fake;

import org.jspecify.annotations.NullMarked;
