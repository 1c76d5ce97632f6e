/** The stream of batches, for those who write and read their bytes themselves. */
@NullMarked
package org.tallyring.proto.recording;

import org.jspecify.annotations.NullMarked;
