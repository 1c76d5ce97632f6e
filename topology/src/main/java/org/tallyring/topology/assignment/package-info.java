/** Which shard owns which range, at which epoch. */
@NullMarked
package org.tallyring.topology.assignment;

import org.jspecify.annotations.NullMarked;
