@NullMarked
package org.tallyring.benchmarks.keys;

import org.jspecify.annotations.NullMarked;
