internal import Kernels

/// Accumulate product: Y = S + A · B, the product added to the sum of the contributions before it, in its memory.
/// S̄ = Ȳ,  Ā and B̄ as for ``Matmul``.
///
/// What the compiler makes of a matrix product that only a sum reads: the product is never stored by itself.
struct AccumulateProduct: Gate, SampledGate {
  static let name = "accumulate product"
  let product: Matmul

  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try checkCount(inputs, 3)
    let shape = try product.shape(Array(inputs[1...]))
    guard shape == inputs[0] else {
      throw ShapeError("a product of shape \(shape) cannot be added to a sum of shape \(inputs[0])")
    }
    return shape
  }

  var kernel: Kernel {
    .structured(.sums) { MatmulCall(product.transposeA, product.transposeB, isAdded: true, $0) }
  }

  func definition(_ inputs: [ReferenceTensor], shape: Shape) -> ReferenceTensor {
    let product = product.definition(Array(inputs[1...]), shape: shape)
    let sums = zip(inputs[0].values, product.values).map(+)
    return ReferenceTensor(shape, product.elementType, sums)
  }

  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] {
    [upstream]
      + product.downstream(
        upstream, node.inputs[1], node.inputs[2], needsA: node.needsGradient(1), needsB: node.needsGradient(2))
  }

  func pushforward(_ tangents: [Node?], _ node: GateApplication) -> Node? {
    let (a, b, graph) = (node.inputs[1], node.inputs[2], node.output.graph)
    let products = sum(
      tangents[1].map { graph.apply(product, to: [$0, b]) }, tangents[2].map { graph.apply(product, to: [a, $0]) })
    return sum(tangents[0], products)
  }

  static let samples = [
    GateSample(AccumulateProduct(product: Matmul()), .uniform([2, 4]), .uniform([2, 3]), .uniform([3, 4])),
    GateSample(
      AccumulateProduct(product: Matmul(transposeA: true)), .uniform([2, 4]), .uniform([3, 2]), .uniform([3, 4])),
    GateSample(
      AccumulateProduct(product: Matmul(transposeB: true)), .uniform([2, 2, 4]), .uniform([2, 2, 3]), .uniform([4, 3])),
  ]
}
