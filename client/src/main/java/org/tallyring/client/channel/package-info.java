/** Connections to shards and aggregators, one gRPC channel per address. */
@NullMarked
package org.tallyring.client.channel;

import org.jspecify.annotations.NullMarked;
