/**
 * Recording exactly once: increments are gathered into batches per range, numbered, sent in order
 * and sent again until there is a definite answer. {@link org.tallyring.client.recording.Recorder}
 * is the way in.
 */
@NullMarked
package org.tallyring.client.recording;

import org.jspecify.annotations.NullMarked;
