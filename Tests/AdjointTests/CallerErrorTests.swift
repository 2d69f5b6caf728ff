import Adjoint
import AdjointPictures
import Foundation
import Testing

/// A bug of the caller ends the process with a sentence.
@Suite(.timeLimit(.minutes(20))) struct CallerErrorTests {
  /// Whether the process that ended said `sentence`, as it does in release builds too.
  private func said(_ sentence: String, _ result: ExitTest.Result?) -> Bool {
    guard let result else { return false }
    return String(decoding: result.standardErrorContent, as: UTF8.self).contains(sentence)
  }

  @Test func `a program of no output traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try Program([])
    }
    #expect(said("A program computes at least one output", result))
  }

  @Test func `a picture with the numbers of another graph traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let session = try Program(exp(Graph().input("x"))).makeSession()
      _ = Graph().svg(values: session)
    }
    #expect(said("The session's program was compiled from another graph", result))
  }

  @Test func `concatenating nothing traps`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = concatenate([])
    }
    #expect(said("Concatenating needs at least one node", result))
  }

  @Test func `a type that calls itself float32 does not get at memory`() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let graph = Graph()
      let x = graph.input("x", [2])
      try Program(x * 2).makeSession().write([Pretender(rounding: 1), Pretender(rounding: 2)], to: x)
    }
    #expect(said("No such format", result))
  }
}

/// Of 16 bytes: written as float32, its values would overflow their memory.
private struct Pretender: GraphScalar {
  static var elementType: ElementType { .float32 }
  static var _format: _GraphScalarFormat<Pretender> { fatalError("No such format") }
  let value: SIMD2<Double>
  init(rounding value: Double) { self.value = [value, value] }
  var asDouble: Double { value[0] }
}
