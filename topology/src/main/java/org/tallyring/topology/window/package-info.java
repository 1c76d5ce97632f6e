/**
 * Windows and spans in event time: the one place where their borders are computed and where it is
 * decided which buckets a question is about.
 */
@NullMarked
package org.tallyring.topology.window;

import org.jspecify.annotations.NullMarked;
