/** Tests of the ways of counting, against brute force and stated bounds. */
@NullMarked
package org.tallyring.shardserver.engine.strategy;

import org.jspecify.annotations.NullMarked;
