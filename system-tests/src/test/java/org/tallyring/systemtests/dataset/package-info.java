/** The public data sets and what is true of them. */
@NullMarked
package org.tallyring.systemtests.dataset;

import org.jspecify.annotations.NullMarked;
