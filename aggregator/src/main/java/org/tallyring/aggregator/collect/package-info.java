/** What the aggregator learns from the shards: the open windows, any other window, definitions. */
@NullMarked
package org.tallyring.aggregator.collect;

import org.jspecify.annotations.NullMarked;
