internal import CDependencyScheduling

/// Offers the processor to whoever else wants it: between two looks at what another thread will soon give back.
package func offerProcessor() { adj_yield() }
