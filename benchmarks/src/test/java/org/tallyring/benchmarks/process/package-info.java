@NullMarked
package org.tallyring.benchmarks.process;

import org.jspecify.annotations.NullMarked;
