/** Collecting the open windows from the shards. */
@NullMarked
package org.tallyring.aggregator.collect;

import org.jspecify.annotations.NullMarked;
