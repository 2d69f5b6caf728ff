internal import Kernels

/// A chain of elementwise gates.
final class ElementwiseChainCall: ChainedCall {
  static let name = "chain"
  let type: Kernels.ElementType
  let chain: ElementwiseChain
  private let work: ChainWork

  init(_ chain: ElementwiseChain, _ type: Kernels.ElementType, _ work: ChainWork) {
    (self.chain, self.type, self.work) = (chain, type, work)
  }

  var extent: Int { chain.count }
  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? {
    chain.elementsRead(of: position, for: range)
  }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { chain.mayOverwrite(operand: position, by: number) }
  func cost(at speeds: CostModel) -> Float { work.cost(of: chain, type, at: speeds) }
  func chain(_ range: Range<Int>) -> (ElementwiseChain, Kernels.ElementType, elements: Range<Int>) {
    (chain, type, range)
  }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) throws {
    try runChain(chain, type, inputs: inputs.baseAddress!, outputs: outputs, range: range)
  }
}
