public import DependencyScheduling

/// A graph, what its units do, and how to tell that they did.
public struct Workload: Sendable {
  public let name: String
  public let graph: WorkloadGraph
  public let body: @Sendable (UnitID) -> Void
  /// Whether `runs` complete runs have left what they should.
  public let holds: @Sendable (_ runs: Int) -> Bool
  public let checksum: @Sendable () -> Double

  public static let names = ["S1", "S2", "S3a", "S3b", "S3c", "S3M", "S4", "S4r", "S5", "S6"]

  /// The workload of that name, `nil` if there is none.
  public init?(named name: String) {
    switch name {
    case "S1": self = .counting(name, .chain(1 << 20), atomically: false)
    case "S2": self = .counting(name, .binaryTree(1 << 20 - 1), atomically: true)
    case "S3a": self = .visiting(name, .random(1 << 18, window: 1_024), marks: true)
    case "S3b": self = .visiting(name, .random(1 << 18, window: 1_024), marks: false)
    case "S3c": self = .visiting(name, .random(1 << 18, window: 1 << 18), marks: false)
    case "S3M": self = .visiting(name, .levels(512), marks: false)
    case "S4": self = .addingCoordinates(name, .wavefront(512))
    case "S4r": self = .addingCoordinates(name, .wavefront(512, downFirst: true))
    case "S5": self = .hashing(name, WorkloadGraph(unitCount: 1 << 20) { _, _ in })
    case "S6": self = .relaxing(name)
    default: return nil
    }
  }

  init(
    name: String, graph: WorkloadGraph, body: @escaping @Sendable (UnitID) -> Void,
    holds: @escaping @Sendable (Int) -> Bool = { _ in true }, checksum: @escaping @Sendable () -> Double = { 0 }
  ) {
    self.name = name
    self.graph = graph
    self.body = body
    self.holds = holds
    self.checksum = checksum
  }
}
