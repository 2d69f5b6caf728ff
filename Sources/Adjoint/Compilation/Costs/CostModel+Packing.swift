internal import Kernels

/// What the panels of a matrix cost, and what products that read them save.
extension CostModel {
  /// From so many bytes on a matrix and its panels are beyond a second-level cache.
  private static let farBytes = 1 << 20  // Decisions/Kernels.md
  /// What packing costs beside reading a matrix in the second-level cache, there and beyond it.
  private static let nearPacking: Float = 1, farPacking: Float = 3  // Decisions/Kernels.md
  /// What each reading of panels saves beside that, since nothing is turned for it.
  private static let turning: Float = 0.8  // Decisions/Kernels.md

  /// Packing a matrix, all parts together.
  func cost(ofPacking plan: PackingPlan) -> Float {
    cost(ofTraffic: Float(Self.bytes(of: plan)) * (Self.isFar(plan) ? Self.farPacking : Self.nearPacking))
  }

  /// What products save in so many readings of panels instead of the matrix: nothing of one that lies as it is used.
  func saved(byPacking plan: PackingPlan, readings: Int) -> Float {
    plan.isTransposed ? Float(readings) * Self.turning * Float(Self.bytes(of: plan)) / bytesPerNanosecond : 0
  }

  private static func bytes(of plan: PackingPlan) -> Int { plan.n * plan.k * plan.type.byteCount }
  private static func isFar(_ plan: PackingPlan) -> Bool { bytes(of: plan) > farBytes }
}
