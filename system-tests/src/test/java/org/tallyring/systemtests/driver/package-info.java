/** What users do to a cluster: commands, calls, streams of lines, steady writes. */
@NullMarked
package org.tallyring.systemtests.driver;

import org.jspecify.annotations.NullMarked;
