/** The state of a range: a deterministic fold over its journal. */
@NullMarked
package org.tallyring.shardserver.engine;

import org.jspecify.annotations.NullMarked;
