/** Running clusters, in one process or in many. */
@NullMarked
package org.tallyring.systemtests.cluster;

import org.jspecify.annotations.NullMarked;
