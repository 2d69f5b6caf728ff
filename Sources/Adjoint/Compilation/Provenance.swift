/// Where the nodes of a plan come from and where their values lie: what a message about a run needs beside the plan.
///
/// A program does not hold it, since it is several times as large as the plan of a graph of scalars; it compiles once more
/// when the first message asks for it.
struct Provenance: Sendable {
  /// The user's graph with the nodes of its backward pass.
  let state: GraphState
  /// For each node of the plan the node of ``state`` that it stands for.
  let origins: [NodeID]
  let places: [Placement.Place]
  private let scalarNodes: [NodeID]
  /// Which of `scalarNodes` a run computes, by where its code begins.
  private let scalarRuns: [Int: Range<Int>]

  init(_ state: GraphState, _ graph: IntermediateGraph, _ built: UnitBuilder.Result) {
    self.state = state
    origins = graph.origins
    places = built.places
    scalarNodes = built.scalarNodes
    var runs: [Int: Range<Int>] = [:]
    var ends = built.scalarNodeEnds[...]
    var start = 0
    for step in built.plan.steps {
      guard case .scalars(let run) = step.work, let end = ends.popFirst() else { continue }
      runs[run.words.lowerBound] = start..<end
      start = end
    }
    scalarRuns = runs
  }

  /// The nodes that scalar gates compute, in the order of the graph.
  func nodes(of run: ScalarRun) -> ArraySlice<NodeID> { scalarNodes[scalarRuns[run.words.lowerBound]!] }

  func describe(_ node: NodeID) -> String { state.describe(origins[node.int]) }
  func signature(of node: NodeID) -> Signature { state.storage.signature(of: origins[node.int]) }
  func gateName(of node: NodeID) -> String { state.storage.traits(of: origins[node.int]).name }
}
