/// A pass of the compiler that can be left out, or one of the ways in which ``LowerSums`` computes a sum: it changes
/// how values are computed, and no bit of them. With the trait BLAS ``foldTransposes`` and ``addProducts`` are
/// exceptions: they call the library of matrix products with other layouts, and have it add, for which it may round
/// differently.
///
/// What is missing here cannot be left out: nodes that nobody needs are dropped, convolutions are put into the parts
/// that there are kernels for, and long sums are divided into groups.
package enum CompilerPass: String, Hashable, Sendable, CaseIterable {
  case foldConstants, shareCommon, mergeScans, readOnceForAllSteps, updateEarly, shareNorms, divideReductions
  case foldTransposes, joinPads, addProducts, runningSums, foldIntoSplices, readRepeatedAsScalars, recomputeForBackward
  case copyShownSources, fuseElementwise, packOperands, fuseProducts
}
