/** Tests of the load driver. */
@NullMarked
package org.tallyring.benchmarks;

import org.jspecify.annotations.NullMarked;
