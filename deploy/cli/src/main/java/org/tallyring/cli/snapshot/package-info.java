/** Files that hold a snapshot. */
@NullMarked
package org.tallyring.cli.snapshot;

import org.jspecify.annotations.NullMarked;
