/** The hash of a key, the same in every process and for ever. */
@NullMarked
package org.tallyring.topology.hash;

import org.jspecify.annotations.NullMarked;
