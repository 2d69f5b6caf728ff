import Adjoint
import AdjointTraining
import Testing

/// An optimizer from outside the package that gives a wrong answer: an error with the names, when the trainer is made.
@Suite(.timeLimit(.minutes(20))) struct WrongOptimizerTests {
  private struct Wrong: Optimizer {
    enum Mistake: CaseIterable, Sendable { case noParameter, twice, otherShape, otherType, otherGraph }
    let mistake: Mistake

    func updates(of parameters: [Node], gradients: [Node], rate: Node) -> [ParameterUpdate] {
      let (w, slope) = (parameters[0], gradients[0])
      let right = ParameterUpdate(w, to: w - rate * slope)
      return switch mistake {
      case .noParameter: [right, ParameterUpdate(slope, to: slope)]
      case .twice: [right, right]
      case .otherShape: [ParameterUpdate(w, to: slope.sum())]
      case .otherType: [ParameterUpdate(w, to: slope.cast(to: .float64))]
      case .otherGraph: [ParameterUpdate(w, to: Graph().input("stranger", [3]))]
      }
    }
  }

  @Test func `updates that do not fit are refused`() {
    for mistake in Wrong.Mistake.allCases {
      let graph = Graph()
      let w = graph.parameter("w", [3])
      let error = #expect(throws: GraphError.self, "\(mistake)") {
        try Trainer(
          square(w).sum(), optimizer: Wrong(mistake: mistake), rate: .constant(0.1),
          batches: Batches(rowCount: 4, batchSize: 2, seed: 1))
      }
      #expect(error?.kind == (mistake == .otherGraph ? .otherGraph : .updateMismatch), "\(mistake)")
      let text = error?.description ?? ""
      let sentence =
        switch mistake {
        case .noParameter: "is no parameter: a step updates parameters only"
        case .twice: "w [3] float32, made at AdjointTrainingTests/WrongOptimizerTests.swift"
        case .otherShape: "cannot become"
        case .otherType: ".cast(to: .float32)"
        case .otherGraph: "reads stranger [3] float32, made at"
        }
      #expect(text.contains(sentence), "\(mistake): \(text)")
    }
  }
}
