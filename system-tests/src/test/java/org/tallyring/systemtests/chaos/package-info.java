/** Load, faults and the oracle that compares what was sent with what is counted. */
@NullMarked
package org.tallyring.systemtests.chaos;

import org.jspecify.annotations.NullMarked;
