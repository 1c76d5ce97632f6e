/** Which keys benchmarks count: 16 bytes each, chosen by Zipf's law. */
@NullMarked
package org.tallyring.benchmarks.keys;

import org.jspecify.annotations.NullMarked;
