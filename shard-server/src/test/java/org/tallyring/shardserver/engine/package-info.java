/** Tests of the engine, against a model that is too simple to be wrong. */
@NullMarked
package org.tallyring.shardserver.engine;

import org.jspecify.annotations.NullMarked;
