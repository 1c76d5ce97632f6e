/** The engine as a whole, beside a map of arrays. */
@NullMarked
package org.tallyring.benchmarks.engine;

import org.jspecify.annotations.NullMarked;
