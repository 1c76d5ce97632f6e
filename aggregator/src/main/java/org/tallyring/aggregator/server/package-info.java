/** The aggregator as one process: its parts put together, started and stopped. */
@NullMarked
package org.tallyring.aggregator.server;

import org.jspecify.annotations.NullMarked;
