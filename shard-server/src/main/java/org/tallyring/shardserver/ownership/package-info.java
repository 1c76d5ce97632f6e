/** Taking, serving, handing off and losing ranges. */
@NullMarked
package org.tallyring.shardserver.ownership;

import org.jspecify.annotations.NullMarked;
