import Foundation
import Testing

@testable import Adjoint

/// Why a chain of elementwise gates ends, as an explanation says it.
@Suite(.timeLimit(.minutes(20))) struct ChainEndTests {
  /// What is said of the chain that computes `chain`, which nothing but its end tells from others.
  private func ends(_ outputs: [Node], gradientsFor variables: [Node] = [], checkpointing scopes: [String] = []) throws
    -> [String]
  {
    var options = Program.Options(checkpointing: scopes)
    options.measuresCosts = false
    let text = try Program(outputs, gradientsFor: variables, options: options).explanation
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(lines.firstIndex { $0.hasPrefix("chains of") })
    return lines[(start + 1)...].prefix { !$0.isEmpty }.map {
      String($0[$0.range(of: "in no memory: ")!.upperBound...])
    }
  }

  private let graph = Graph()
  private func input(_ name: String, _ shape: Shape) -> Node { graph.input(name, shape) }

  @Test func `an output ends a chain`() throws {
    let x = input("x", [4, 8])
    #expect(try ends([tanh(exp(x)).named("f")]) == ["nothing reads it further: f = tanh is an output"])
  }

  @Test func `a product ends a chain`() throws {
    let x = input("x", [4, 8]), w = input("w", [8, 8])
    let product = tanh(exp(x)).matmul(w).named("p")
    #expect(try ends([product]) == ["no chain takes in its reader p = matmul"])
  }

  @Test func `what reads a chain behind its end is counted`() throws {
    let x = input("x", [4, 8]), w = input("w", [8, 8])
    let h = tanh(exp(x))
    let product = h.matmul(w).named("p")
    let other = h.matmul(input("v", [8, 8]))
    #expect(
      try ends([product, other]) == ["no chain takes in its reader p = matmul; 1 more gate reads it"])
  }

  @Test func `a reduction of rows ends a chain`() throws {
    let x = input("x", [4, 8])
    #expect(try ends([tanh(exp(x)).sum(axes: [1]).named("s")]) == ["it ends in the reduction s = sum"])
  }

  @Test func `another layout begins another chain`() throws {
    let x = input("x", [4, 8]), y = input("y", [8, 4])
    let turned = tanh(exp(x)).transposed().named("t")
    let said = try ends([turned * y])
    #expect(said.first == "another layout of it begins a chain: t = transpose")
  }

  @Test func `another shape ends a chain`() throws {
    let x = input("x", [8]), y = input("y", [4, 8])
    let said = try ends([(tanh(exp(x)) * y).named("wide")])
    #expect(said == ["the shape changes with wide = multiply"])
  }

  @Test func `the backward pass ends a chain`() throws {
    let x = input("x", [4, 8])
    let f = exp(tanh(x)).named("f")
    let said = try ends([f], gradientsFor: [x])
    #expect(said.first?.hasPrefix("the backward pass reads it: ") == true, "\(said)")
    #expect(said.last?.hasSuffix("is a gradient") == true, "\(said)")
  }

  @Test func `a fence ends a chain`() throws {
    let x = input("x", [4, 8]), w = input("w", [8, 8])
    let last = ["a", "b"].reduce(x) { value, name in
      graph.scope(name) { tanh(sin(exp(sin(value)).matmul(w))) }
    }
    let said = try ends([last.sum()], gradientsFor: [w], checkpointing: ["a", "b"])
    #expect(said.contains { $0.hasPrefix("a fence lies before ") }, "\(said)")
  }

  @Test func `the limit ends a chain`() throws {
    let x = input("x", [4, 8])
    let sum = (0..<60).reduce(x) { $0 * input("w\($1)", [4, 8]) }
    let said = try ends([sum])
    #expect(
      said.first?.hasPrefix("with multiply#") == true && said.first?.contains("over the limit") == true, "\(said)")
  }

  @Test func `a gather of rows ends a chain`() throws {
    let table = input("table", [7, 8]), rows = graph.input("rows", [4], .int32)
    let said = try ends([tanh(exp(table)).gatheringRows(rows).named("taken")])
    #expect(said == ["rows are gathered by taken = gatherRows"])
  }
}
