import AdjointTesting
import DependencyScheduling
import Kernels
import Testing

@testable import Adjoint

/// Products that go on with the chain which alone reads them: where they do, and that nothing else changes. That their
/// bits are those of two calls is a law of ``RewriteLawTests``.
@Suite(.timeLimit(.minutes(20))) struct FuseProductsTests {
  /// The descriptions of the calls that compute `outputs`.
  private func calls(
    _ outputs: [Node], gradientsFor variables: [Node] = [], _ change: (inout Program.Options) -> Void = { _ in }
  ) throws -> [String] {
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    return try Program(outputs, gradientsFor: variables, options: options).plan.calls.map(\.description)
  }

  private struct Layer {
    let graph = Graph()
    let x: Node, w: Node, row: Node

    init(rows: Int, inner: Int = 24, columns: Int) {
      x = graph.input("x", [rows, inner])
      w = graph.input("w", [inner, columns])
      row = graph.input("row", [columns])
    }
  }

  @Test func `a product goes on with bias and activation, in one call without memory of its own`() throws {
    let layer = Layer(rows: 12, columns: 16)
    let y = relu(layer.x.matmul(layer.w) + layer.row)
    #expect(try calls([y]) == ["product and chain of 1"])
    #expect(try calls([y]) { $0.leftOut = [.fuseProducts] }.count == 2)
    var options = Program.Options()
    options.measuresCosts = false
    let plan = try Program(y, options: options).plan
    #expect(plan.placement.buffers.count { $0.lifetime == .transient } == 0)
  }

  @Test func `a product that something else reads stays a call`() throws {
    let layer = Layer(rows: 12, columns: 16)
    let product = layer.x.matmul(layer.w)
    // A root, a reader that is no chain, two chains, one that reads it in another layout.
    for outputs in [
      [tanh(product + 1), product], [tanh(product + 1), product.cumulativeSum()],
      [tanh(product + 1), (product * 2 + layer.row).transposed() * 1],
      [tanh(product + 1) * product.sliced(0..<1)], [relu(product.reshaped([192]) + 1), product.reshaped([16, 12])],
    ] {
      let descriptions = try calls(outputs)
      #expect(!descriptions.contains { $0.hasPrefix("product and chain") }, "\(descriptions)")
    }
    // In another shape it is the same value.
    #expect(try calls([relu(product.reshaped([192]) + 1)]) == ["product and chain of 1"])
  }

  @Test func `a product of several rows of blocks goes on with its chain row by row`() throws {
    let layer = Layer(rows: 4_096, inner: 2, columns: 2)
    // Once more would be another value.
    let y = (layer.x.matmul(layer.w) + layer.row) * 0.5
    func values(_ leftOut: Set<CompilerPass>) throws -> [Float] {
      var options = Program.Options()
      options.leftOut = leftOut
      options.measuresCosts = false
      let program = try Program(y, options: options)
      if leftOut.isEmpty {
        let call = try #require(program.plan.calls.first)
        #expect(call.description.hasPrefix("product and chain"))
        // All of them in one part.
        #expect(call.extent > 2 && program.plan.calls.count == 1 && program.unitCount == 1)
      }
      let session = program.makeSession()
      for input in [layer.x, layer.w, layer.row] {
        let numbers: [Float] = (0..<input.shape.elementCount).map { Float($0 * 7 % 11) * 0.125 - 0.5 }
        try session.write(numbers, to: input)
      }
      try session.forward()
      return try session.read(y, as: Float.self)
    }
    #expect(try values([]) == values([.fuseProducts]))
  }

  @Test func `a product is not fused where that leaves a worker without a part`() throws {
    func first(rows: Int, inner: Int, columns: Int) throws -> String {
      let layer = Layer(rows: rows, inner: inner, columns: columns)
      return try calls([relu(layer.x.matmul(layer.w) + layer.row)])[0]
    }
    #expect(try first(rows: 128, inner: 512, columns: 512).hasPrefix("matmul"))
    #expect(try first(rows: 2_048, inner: 512, columns: 512).hasPrefix("product and chain"))
    #expect(try first(rows: 2_048, inner: 512, columns: 64).hasPrefix("product and chain"))
  }

  @Test func `the backward pass does not go on with a product of the forward pass`() throws {
    let layer = Layer(rows: 12, columns: 16)
    let loss = (exp(layer.x.matmul(layer.w)) * layer.row).sum()
    let program = try Program(loss, gradientsFor: [layer.x, layer.w])
    #expect(program.plan.calls.contains { $0.description.hasPrefix("matmul") })
    let session = program.makeSession()
    try session.write([Float](repeating: 0.25, count: 12 * 24), to: layer.x)
    try session.write([Float](repeating: 0.125, count: 24 * 16), to: layer.w)
    try session.write([Float](repeating: 1, count: 16), to: layer.row)
    try session.forward()
    try session.backward()
    let forwardThenBackward = try session.gradient(of: layer.w, as: Float.self)
    try session.step()
    #expect(try session.gradient(of: layer.w, as: Float.self) == forwardThenBackward)
  }

  @Test func `several workers share a row and its chain`() throws {
    let layer = Layer(rows: 1, inner: 784, columns: 512)
    var options = Program.Options()
    options.measuresCosts = false
    let program = try Program(relu(layer.x.matmul(layer.w) + layer.row), options: options)
    #expect(program.plan.calls.map(\.description) == ["product and chain of \(MatmulPlan.areProductsOurs ? 4 : 1)"])
    #expect(!MatmulPlan.areProductsOurs || program.unitCount >= 2)
  }

  @Test(arguments: [1, 2, 3], [[1_300, 9, 20], [1, 30, 1_300]])
  func `parts of a fused product keep to their elements`(width: Int, size: [Int]) throws {
    let (rows, inner, columns) = (size[0], size[1], size[2])
    let layer = Layer(rows: rows, inner: inner, columns: columns)
    let y = relu(layer.x.matmul(layer.w) + layer.row) * 0.5
    func result(
      _ leftOut: Set<CompilerPass>, _ division: Division?, _ executor: GraphExecutor
    ) throws -> [Float] {
      var options = Program.Options()
      options.division = division
      options.leftOut = leftOut
      let session = try Program(y, options: options).makeSession(on: executor)
      func numbers(_ count: Int, _ period: Int) -> [Float] { (0..<count).map { Float($0 % period - period / 2) / 7 } }
      try session.write(numbers(rows * inner, 31), to: layer.x)
      try session.write(numbers(inner * columns, 11), to: layer.w)
      try session.write(numbers(columns, 20), to: layer.row)
      try session.forward()
      return try session.read(y, as: Float.self)
    }
    let executor = try GraphExecutor(width: width, sharing: .always)
    let expected = try result([.fuseProducts], nil, GraphExecutor(width: 1))
    // All rows of blocks in one part, and one in each.
    #expect(try result([], nil, executor) == expected)
    #expect(try result([], .finest, executor) == expected)
  }

  @Test func `a NaN of the product and one of its chain are told apart`() throws {
    let layer = Layer(rows: 12, columns: 16)
    let product = layer.x.matmul(layer.w).named("product")
    let logarithm = log(product).named("logarithm")
    let y = (logarithm + layer.row).named("y")
    let program = try Program(y)
    #expect(program.plan.calls.map(\.description) == ["product and chain of 1"])
    let session = program.makeSession()
    func finder(x: Float, w: Float) throws -> NonFiniteValue? {
      try session.write([Float](repeating: x, count: 12 * 24), to: layer.x)
      var weights = [Float](repeating: 1, count: 24 * 16)
      weights[5] = w
      try session.write(weights, to: layer.w)
      try session.write([Float](repeating: 1, count: 16), to: layer.row)
      return try session.firstNonFinite(includingInfinity: true)
    }
    #expect(try finder(x: 1, w: 1) == nil)
    let ofProduct = try #require(try finder(x: 3e38, w: 3e38))
    #expect(ofProduct.nodeName == "product" && ofProduct.value == .infinity)
    let ofChain = try #require(try finder(x: 1, w: -100))
    #expect(ofChain.nodeName == "logarithm" && ofChain.element == 5 && ofChain.value.isNaN)
  }
}
