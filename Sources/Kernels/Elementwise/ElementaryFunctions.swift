internal import CKernels

/// Elementary functions of one number, for what makes values in Swift: the same bits on every processor and system, as
/// those of the kernels and unlike those of a mathematics library.
package enum ElementaryFunctions {
  package static func cosine(_ x: Double) -> Double { adj_cosine(x) }
  /// `x` to the power of `y`.
  package static func power(_ x: Double, _ y: Double) -> Double { adj_power(x, y) }
}
