/** What ends a verb before it is done, and the exit code that says so. */
@NullMarked
package org.tallyring.cli.failure;

import org.jspecify.annotations.NullMarked;
