/** Half-open ranges of the 64-bit ring. */
@NullMarked
package org.tallyring.topology.range;

import org.jspecify.annotations.NullMarked;
