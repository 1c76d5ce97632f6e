/** Rules for the names of keys, metrics, namespaces and shards. */
@NullMarked
package org.tallyring.topology.name;

import org.jspecify.annotations.NullMarked;
