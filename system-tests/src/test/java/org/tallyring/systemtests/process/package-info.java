/** The program's processes: started, watched and ended one by one. */
@NullMarked
package org.tallyring.systemtests.process;

import org.jspecify.annotations.NullMarked;
