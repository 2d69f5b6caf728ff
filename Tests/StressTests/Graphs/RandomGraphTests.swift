import Adjoint
import AdjointTesting
import DependencyScheduling
import StressScale
import Testing

/// Seeded random graphs, with copy gates of up to a thousand consumers: the same bits at every width, with buffers
/// reused and not, cut finely, divided and as it comes, and those bits are the reference's.
@Suite(.timeLimit(.minutes(20)), .watched(seconds: 300)) struct RandomGraphTests {
  @Test(arguments: [(100, 20), (1_000, 3), (10_000, 1), (100_000, 1)])
  func `random graphs equal the reference bit for bit`(nodeCount: Int, seeds: Int) throws {
    if StressScale.isSanitized, nodeCount > 10_000 { return }
    for seed in 1...UInt64(max(StressScale.repetitions(seeds), 1)) {
      for tensorShare in nodeCount == 100_000 ? [0.1] : [0, 0.4] {
        let sample = RandomGraphs(nodeCount: nodeCount, tensorShare: tensorShare).graph(seed: seed)
        let stressed = try StressedProgram(sample)
        var all = [Program.Options(), .fine(), .init(reusesBuffers: false), .fine(reusesBuffers: false)]
        if nodeCount <= 1_000, tensorShare > 0 { all += [.divided(), .divided(reusesBuffers: false)] }
        let name = "\(nodeCount) nodes, seed \(seed), share \(tensorShare)"
        if nodeCount <= 1_000 {
          try StressMatrix.requireReference(stressed, name, options: all)
          continue
        }
        for options in nodeCount == 100_000 && !StressScale.isSoak ? Array(all[..<2]) : all {
          let program = try stressed.program(options)
          for width in nodeCount == 100_000 ? [8] : [1, 2, 3, 8] {
            let session = try stressed.session(program, on: GraphExecutor.eager(width: width))
            try session.step()
            let difference = try stressed.difference(of: session)
            try #require(difference == nil, "\(name), width \(width), \(options)")
          }
        }
      }
    }
  }

  @Test(arguments: [[], [64]] as [Shape], [100, 1_000])
  func `random graphs on whole numbers equal the reference in both accumulations`(shape: Shape, nodeCount: Int) throws {
    for seed in 1...UInt64(StressScale.repetitions(nodeCount == 100 ? 8 : 1)) {
      let stressed = try WholeNumberGraphs(nodeCount: nodeCount, shape: shape).program(seed: seed)
      try StressMatrix.requireReference(stressed, "\(nodeCount) nodes of \(shape), seed \(seed)", isExact: true)
    }
  }

  @Test func `the graphs do have copy gates of a thousand consumers`() {
    let sample = RandomGraphs(nodeCount: 20_000, tensorShare: 0).graph(seed: 1)
    #expect(sample.largestFanOut >= 900 && sample.largestFanOut <= 1_001)
    #expect(sample.graph.nodeCount >= 20_000)
  }

  @Test func `contributions in arrival order are close to those in graph order`() throws {
    for seed in 1...UInt64(StressScale.repetitions(2)) {
      let stressed = try StressedProgram(RandomGraphs(nodeCount: 2_000, tensorShape: [64]).graph(seed: seed))
      let session = try stressed.session(stressed.program(.fine(.arrivalOrder)), on: GraphExecutor.eager(width: 4))
      try session.step()
      for (variable, expected) in zip(stressed.variables, stressed.expectedGradients) {
        let gradient = try session.referenceGradient(of: variable)
        // The magnitudes of all contributions along all paths add up to at most 1 (see RandomGraphs), each rounded
        // once a gate along a path of at most some thousand gates: 1e-4 is 1,000 roundings of 2⁻²⁴ and some.
        for (value, wanted) in zip(gradient.values, expected.values) {
          try #require((value - wanted).magnitude < 1e-4, "seed \(seed)")
        }
      }
    }
  }
}
