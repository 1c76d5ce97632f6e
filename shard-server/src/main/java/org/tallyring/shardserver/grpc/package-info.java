/** The gRPC services of a shard. */
@NullMarked
package org.tallyring.shardserver.grpc;

import org.jspecify.annotations.NullMarked;
