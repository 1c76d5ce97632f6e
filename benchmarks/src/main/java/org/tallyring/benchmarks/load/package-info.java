/** The load driver: increments into a running system, on a schedule, and what became of them. */
@NullMarked
package org.tallyring.benchmarks.load;

import org.jspecify.annotations.NullMarked;
