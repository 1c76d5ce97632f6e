/** Rebalance plans as pure functions of members and assignment. */
@NullMarked
package org.tallyring.topology.planning;

import org.jspecify.annotations.NullMarked;
