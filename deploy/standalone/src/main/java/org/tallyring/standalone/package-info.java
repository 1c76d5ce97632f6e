/** A whole cluster in one JVM, for one machine and for trying it out. */
@NullMarked
package org.tallyring.standalone;

import org.jspecify.annotations.NullMarked;
