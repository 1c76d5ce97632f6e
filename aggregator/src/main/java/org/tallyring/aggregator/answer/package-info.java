/** Choosing the window that a question means, finding its answer and labelling it. */
@NullMarked
package org.tallyring.aggregator.answer;

import org.jspecify.annotations.NullMarked;
