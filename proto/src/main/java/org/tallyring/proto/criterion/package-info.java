/** Conditions and scores as people write them. */
@NullMarked
package org.tallyring.proto.criterion;

import org.jspecify.annotations.NullMarked;
