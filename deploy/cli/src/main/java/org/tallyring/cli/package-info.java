/** The tally command line. */
@NullMarked
package org.tallyring.cli;

import org.jspecify.annotations.NullMarked;
