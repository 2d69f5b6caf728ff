/// A pass of the compiler that can be left out: it changes how values are computed, and no bit of them. With the trait
/// BLAS ``foldIntoProducts`` is an exception: it calls the library of matrix products with other layouts, for which that
/// may round differently.
///
/// What is missing here cannot be left out: nodes that nobody needs are dropped, and convolutions are put into the
/// parts that there are kernels for.
package enum CompilerPass: String, Hashable, Sendable, CaseIterable {
  case foldConstants, shareCommon, mergeScans, readOnceForAllSteps, updateEarly, shareNorms, divideReductions, joinPads
  case foldIntoProducts, foldIntoSplices, runningSums, readRepeatedAsScalars, recomputeForBackward, copyShownSources
  case fuseElementwise, packOperands, fuseProducts
}
