/// A pass of the compiler that can be left out: it changes how values are computed. The bits stay the same, but with the
/// trait BLAS for ``foldIntoProducts``, which calls the library of matrix products with other layouts, for which it may
/// round differently.
///
/// What is missing here cannot be left out: nodes that nobody needs are dropped, and convolutions are put into the
/// parts that there are kernels for.
package enum CompilerPass: String, Hashable, Sendable, CaseIterable {
  case foldConstants, shareCommon, mergeScans, readOnceForAllSteps, updateEarly, shareNorms, divideReductions, joinPads
  case foldIntoProducts, foldIntoSplices, runningSums, readRepeatedAsScalars, recomputeForBackward, copyShownSources
  case fuseElementwise, fuseProducts
}
