import Adjoint
import AdjointTraining

/// A graph convolutional network (Kipf, Welling 2017): each member learns from its neighbours which club it joins,
/// though only two say so.
struct GraphNetwork {
  let memberCount: Int
  /// From whom and to whom a message goes: both ways along each edge, and from everyone to themselves.
  let sources: [Int32], targets: [Int32]

  init(memberCount: Int, edges: [[Int32]]) {
    let members = Array(0..<Int32(memberCount))
    self.memberCount = memberCount
    sources = edges.map { $0[0] } + edges.map { $0[1] } + members
    targets = edges.map { $0[1] } + edges.map { $0[0] } + members
  }

  /// The logits `[members, clubs]`, of two layers.
  func logits(in graph: Graph, width: Int = 16, clubs: Int = 2) -> Node {
    let sources = graph.constant(sources, [sources.count]), targets = graph.constant(targets, [targets.count])
    let degrees = oneHot(targets, classes: memberCount).sum(axes: [0])
    let weights = pow(degrees.gatheringRows(sources) * degrees.gatheringRows(targets), -0.5).expanded(axis: 1)

    func heard(_ x: Node, _ name: String, _ width: Int) -> Node {
      let states = dense(x, name, to: width)
      return graph.constant(0, states.shape).scatterAddingRows(states.gatheringRows(sources) * weights, at: targets)
    }
    let members = oneHot(graph.constant(Array(0..<Int32(memberCount)), [memberCount]), classes: memberCount)
    return heard(relu(heard(members, "first", width)), "second", clubs)
  }

  /// Trains on the column "clubs", in which −1 is unknown, with all members as one batch.
  func trained(on data: Dataset, steps: Int) throws -> Trainer {
    let graph = Graph()
    let clubs = graph.input("clubs", [memberCount], .int32)
    let loss = crossEntropy(logits: logits(in: graph), labels: clubs, ignoring: -1, reduction: .mean)
    let trainer = try Trainer(
      loss, optimizer: Adam(), rate: .constant(0.01),
      batches: data.batches(of: memberCount, seed: 1, isShuffled: false), feed: data.feed)
    try trainer.takeSteps(until: steps)
    return trainer
  }
}
