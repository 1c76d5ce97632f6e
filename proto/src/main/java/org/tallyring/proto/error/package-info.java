/** The error model: reasons and details that every server sends and every client branches on. */
@NullMarked
package org.tallyring.proto.error;

import org.jspecify.annotations.NullMarked;
