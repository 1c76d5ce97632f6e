/** What of the libraries' logs an operator is spared. */
@NullMarked
package org.tallyring.cli.logging;

import org.jspecify.annotations.NullMarked;
