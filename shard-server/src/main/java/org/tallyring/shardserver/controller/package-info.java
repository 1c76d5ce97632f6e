/** The elected controller, which decides assignments. */
@NullMarked
package org.tallyring.shardserver.controller;

import org.jspecify.annotations.NullMarked;
