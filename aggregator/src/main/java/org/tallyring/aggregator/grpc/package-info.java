/** The gRPC services of the aggregator. */
@NullMarked
package org.tallyring.aggregator.grpc;

import org.jspecify.annotations.NullMarked;
