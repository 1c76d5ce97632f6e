/**
 * A cluster in memory that keeps the promises of a real one and breaks everything else on demand.
 */
@NullMarked
package org.tallyring.client.fake;

import org.jspecify.annotations.NullMarked;
