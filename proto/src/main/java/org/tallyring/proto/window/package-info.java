/** Windows, spans and intervals between messages and topology, which decides what they mean. */
@NullMarked
package org.tallyring.proto.window;

import org.jspecify.annotations.NullMarked;
