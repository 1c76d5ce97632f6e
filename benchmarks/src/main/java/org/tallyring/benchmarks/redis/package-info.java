/** The same load into Redis, beside Tallyring. */
@NullMarked
package org.tallyring.benchmarks.redis;

import org.jspecify.annotations.NullMarked;
