/** Connections that break. */
@NullMarked
package org.tallyring.systemtests.proxy;

import org.jspecify.annotations.NullMarked;
