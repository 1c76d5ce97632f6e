/** Benchmarks, run by hand. */
@NullMarked
package org.tallyring.benchmarks;

import org.jspecify.annotations.NullMarked;
