@NullMarked
package org.tallyring.benchmarks.redis;

import org.jspecify.annotations.NullMarked;
