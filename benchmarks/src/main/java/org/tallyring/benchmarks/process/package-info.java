/** Servers that a benchmark starts for itself and ends again. */
@NullMarked
package org.tallyring.benchmarks.process;

import org.jspecify.annotations.NullMarked;
