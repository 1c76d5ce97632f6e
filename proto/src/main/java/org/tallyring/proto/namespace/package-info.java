/** What namespace definitions mean. */
@NullMarked
package org.tallyring.proto.namespace;

import org.jspecify.annotations.NullMarked;
