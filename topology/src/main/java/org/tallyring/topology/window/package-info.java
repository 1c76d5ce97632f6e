/** Tumbling windows in event time, the one place where their borders are computed. */
@NullMarked
package org.tallyring.topology.window;

import org.jspecify.annotations.NullMarked;
