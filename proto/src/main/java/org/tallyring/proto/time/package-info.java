/** Times and durations as messages. */
@NullMarked
package org.tallyring.proto.time;

import org.jspecify.annotations.NullMarked;
