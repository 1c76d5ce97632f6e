/** The ways of counting, as structures of their own: they know neither ranges nor buckets. */
@NullMarked
package org.tallyring.shardserver.engine.strategy;

import org.jspecify.annotations.NullMarked;
