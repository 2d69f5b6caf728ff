/// Which nodes lie in scopes whose values the backward pass computes again (see ``RecomputeCheckpoints``).
struct CheckpointedScopes: Sendable {
  /// For each scope of the graph the number of the outermost checkpointed scope that it is or lies in, or -1.
  private let outermost: [Int32]
  let isEmpty: Bool

  static let none = CheckpointedScopes()

  private init() { (outermost, isEmpty) = ([], true) }

  /// - Throws: a name that no scope of the graph has, with those that there are.
  /// - Complexity: O(scopes), each by the length of its path.
  init(
    _ names: [String], in state: GraphState, fileID: StaticString, line: UInt
  ) throws(GraphError) {
    isEmpty = names.isEmpty
    if names.isEmpty {
      outermost = []
      return
    }
    let paths = state.scopePaths.dropFirst()
    let known = Set(paths.map { ExactName($0) })
    for name in names where !known.contains(ExactName(name)) {
      let reason = "no scope is named \"\(name)\": \(Self.list(paths))"
      throw GraphError(.unknownScope, reason, named: name, at: SourceLocation(fileID: fileID, line: line))
    }
    var numbers: [ExactName: Int32] = [:]
    for name in names where numbers[ExactName(name)] == nil { numbers[ExactName(name)] = Int32(numbers.count) }
    outermost = state.scopePaths.map { path in
      let ends = path.utf8.indices.filter { path.utf8[$0] == UInt8(ascii: "/") } + [path.endIndex]
      return ends.lazy.compactMap { numbers[ExactName(String(path[..<$0]))] }.first ?? -1
    }
  }

  /// The checkpointed scope of each node, or -1.
  func numbers(of graph: IntermediateGraph, from state: GraphState) -> [Int32] {
    graph.origins.map { outermost[Int(state.scope(of: $0))] }
  }

  /// The names of some scopes, in the order in which they were entered.
  private static func list(_ paths: ArraySlice<String>) -> String {
    if paths.isEmpty { return "the graph has no scopes" }
    let most = 12  // Decisions/Limits.md
    let rest = paths.count > most ? " and \(paths.count - most) more" : ""
    return "the graph has \(paths.prefix(most).joined(separator: ", "))\(rest)"
  }
}
