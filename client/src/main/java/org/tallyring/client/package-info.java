/** The client library: records increments exactly once and reads counts. */
@NullMarked
package org.tallyring.client;

import org.jspecify.annotations.NullMarked;
