import Foundation

@testable import Adjoint

/// Small programs whose explanations are compared word for word, in ``ExplanationTests``; those of the first two stand
/// in the article *How a graph becomes a program*.
enum ExplainedProgram: String, CaseIterable, Sendable {
  case product, convolution, perceptron, scan, checkpoint

  func program(_ change: (inout Program.Options) -> Void = { _ in }) throws -> Program {
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    switch self {
    case .product: return try product(options)
    case .convolution: return try convolution(options)
    case .perceptron: return try perceptron(options)
    case .scan: return try scan(options)
    case .checkpoint: return try checkpoint(options)
    }
  }

  /// An explanation without what depends on the sizes that an allocator has, unless it is jemalloc's.
  static func comparable(_ text: String) -> String {
    #if Jemalloc && os(Linux)
      return text
    #else
      return text.components(separatedBy: "\n\n").filter { !$0.hasPrefix("memory of a run") }.joined(separator: "\n\n")
    #endif
  }

  private func product(_ options: Program.Options) throws -> Program {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let q = (x + y).named("q")
    return try Program((q * z).named("f"), gradientsFor: [x, y, z], options: options)
  }

  private func convolution(_ options: Program.Options) throws -> Program {
    let graph = Graph()
    let images = graph.input("images", [2, 1, 8, 8])
    let kernels = graph.parameter("kernels", [4, 1, 3, 3], .heNormal(seed: 1))
    let edges = Adjoint.convolution(images, kernels).named("edges")
    return try Program(relu(edges).named("map"), gradientsFor: [kernels], options: options)
  }

  /// A step of gradient descent.
  private func perceptron(_ options: Program.Options) throws -> Program {
    let graph = Graph()
    let x = graph.input("x", [8, 16]), target = graph.input("target", [8, 4])
    let w = graph.parameter("w", [16, 16], .glorotUniform(seed: 1)), b = graph.parameter("b", [16])
    let v = graph.parameter("v", [16, 4], .glorotUniform(seed: 2))
    let hidden = tanh(x.matmul(w) + b).named("hidden")
    let loss = square(hidden.matmul(v) - target).mean().named("loss")
    let updates = try zip([w, b, v], graph.gradients(of: [loss], withRespectTo: [w, b, v])).map { parameter, slope in
      ParameterUpdate(parameter, to: parameter - 0.1 * slope!)
    }
    return try Program(loss, updating: updates, options: options)
  }

  private func scan(_ options: Program.Options) throws -> Program {
    let graph = Graph()
    let x = graph.input("x", [5, 16]), w = graph.input("w", [16])
    let run = graph.scan(over: x, from: graph.constant(0, [16])) { state, element in
      let next = tanh(state * w + element)
      return (state: next, output: next)
    }
    return try Program(run.outputs.sum().named("total"), options: options)
  }

  private func checkpoint(_ options: Program.Options) throws -> Program {
    var options = options
    options.checkpointedScopes = ["first", "second"]
    let graph = Graph()
    let x = graph.input("x", [8, 16]), w = graph.input("w", [16, 16])
    let last = ["first", "second"].reduce(x) { value, name in
      graph.scope(name) { tanh(tanh(value.matmul(w)).matmul(w)) }
    }
    return try Program(last.sum().named("total"), gradientsFor: [w], options: options)
  }
}
