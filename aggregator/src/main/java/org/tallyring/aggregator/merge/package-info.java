/** Merging the answers of ranges into one, as pure functions. */
@NullMarked
package org.tallyring.aggregator.merge;

import org.jspecify.annotations.NullMarked;
