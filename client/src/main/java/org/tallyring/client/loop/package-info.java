/**
 * The client's clock and threads: one event loop that owns all state, and the waits between
 * attempts.
 */
@NullMarked
package org.tallyring.client.loop;

import org.jspecify.annotations.NullMarked;
