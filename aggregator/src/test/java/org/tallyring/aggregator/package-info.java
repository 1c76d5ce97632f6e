/** Tests of the aggregator as a whole. */
@NullMarked
package org.tallyring.aggregator;

import org.jspecify.annotations.NullMarked;
