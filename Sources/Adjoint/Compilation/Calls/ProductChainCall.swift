internal import Kernels

/// A matrix product and the chain of elementwise gates that reads it, as one call: one row of blocks after the other.
///
/// Its operands are those of the product, then those of the chain but for the product itself, which lies where one of
/// the chain's results will.
final class ProductChainCall: KernelCall {
  static let name = "product and chain"
  private let product: MatmulCall
  private let chained: ElementwiseChainCall
  /// Which operand of the chain the product is, and which result it is computed in the place of.
  private let position: Int, target: Int
  private static let productOperands = 2

  init(_ product: MatmulCall, _ chain: ElementwiseChainCall, position: Int, target: Int) {
    (self.product, self.chained, self.position, self.target) = (product, chain, position, target)
  }

  var description: String { "product\(product.readsPanels ? " of panels" : "") and chain of \(extent)" }
  var extent: Int { product.extent }
  /// Whole rows of blocks.
  func cutStep(for count: inout Int, grain: Int) -> Int {
    count = min(count, product.extent / product.blocksAcross)
    return product.blocksAcross
  }

  /// The operand of the chain that an operand of this call is; `nil` for those of the product.
  private func operandOfChain(_ operand: Int) -> Int? {
    let own = operand - Self.productOperands
    return own < 0 ? nil : own < position ? own : own + 1
  }

  func elementsRead(of operand: Int, by range: Range<Int>) -> Range<Int>? {
    guard let own = operandOfChain(operand) else { return product.elementsRead(of: operand, by: range) }
    return chained.elementsRead(of: own, by: product.elements(of: range))
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { product.elements(of: range) }
  /// The chain's operands as by the chain, but not by what the product is computed in the place of.
  func mayOverwrite(operand: Int, by number: Int) -> Bool {
    guard let own = operandOfChain(operand), number != target else { return false }
    return chained.mayOverwrite(operand: own, by: number)
  }
  func cost(at speeds: CostModel) -> Float { product.cost(at: speeds) + chained.cost(at: speeds) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try withChainOperands(inputs, outputs) { operands in
      var first = range.lowerBound
      while first < range.upperBound {
        let blocks = first..<min(first + product.blocksAcross, range.upperBound)
        product.multiply(inputs, into: outputs[target], blocks)
        try chained.run(operands, outputs, product.elements(of: blocks))
        first = blocks.upperBound
      }
    }
  }

  /// Calls `body` with the operands of the chain.
  private func withChainOperands(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ body: (UnsafeBufferPointer<UnsafeRawPointer>) throws -> Void
  ) rethrows {
    try withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: chained.chain.operandCount) { operands in
      operands.initializeElement(at: position, to: UnsafeRawPointer(outputs[target]))
      for operand in inputs.indices {
        if let own = operandOfChain(operand) { operands.initializeElement(at: own, to: inputs[operand]) }
      }
      try body(UnsafeBufferPointer(operands))
    }
  }
}

extension ProductChainCall {
  /// Multiplies the part `range`, and calls `body` with the product, with the chain that is to follow, and with its
  /// operands: the search for a NaN looks at each operation.
  func multiply(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>,
    _ body: (
      _ product: UnsafeMutableRawPointer, _ chain: ElementwiseChain, Kernels.ElementType, _ elements: Range<Int>,
      _ operands: UnsafeBufferPointer<UnsafeRawPointer>
    ) throws -> Void
  ) throws {
    product.multiply(inputs, into: outputs[target], range)
    try withChainOperands(inputs, outputs) { operands in
      try body(outputs[target], chained.chain, chained.type, product.elements(of: range), operands)
    }
  }
}
