/** Keeping answers for as long as they stay true. */
@NullMarked
package org.tallyring.aggregator.cache;

import org.jspecify.annotations.NullMarked;
