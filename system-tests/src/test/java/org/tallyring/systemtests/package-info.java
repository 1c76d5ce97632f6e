/** Tests of the program as it is shipped: many processes, real files, real faults. */
@NullMarked
package org.tallyring.systemtests;

import org.jspecify.annotations.NullMarked;
