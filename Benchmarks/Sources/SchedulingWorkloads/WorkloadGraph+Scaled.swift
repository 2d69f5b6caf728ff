extension WorkloadGraph {
  /// The graph of the workload `name`, with 2¹⁶ units where that one has more, for simulations; `nil` if there is
  /// none.
  public static func scaled(named name: String) -> WorkloadGraph? {
    switch name {
    case "S1": chain(1 << 16)
    case "S2": binaryTree(1 << 16 - 1)
    case "S3a", "S3b": random(1 << 16, window: 1_024)
    case "S3c": random(1 << 16, window: 1 << 16)
    case "S3M": levels(256)
    case "S4": wavefront(256)
    case "S4r": wavefront(256, downFirst: true)
    case "S5": WorkloadGraph(unitCount: 1 << 16) { _, _ in }
    case "S6": wavefront(64)
    default: nil
    }
  }
}
