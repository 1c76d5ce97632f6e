/**
 * What a client knows of the cluster: who owns which range, learned from a stream of complete
 * pictures.
 */
@NullMarked
package org.tallyring.client.topology;

import org.jspecify.annotations.NullMarked;
