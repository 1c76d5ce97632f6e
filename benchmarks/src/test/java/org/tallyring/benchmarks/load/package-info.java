@NullMarked
package org.tallyring.benchmarks.load;

import org.jspecify.annotations.NullMarked;
