internal import Kernels

/// The copy gate's adder: the operands added in order, and more than ``Accumulate/width`` of them in groups.
final class AccumulateCall: KernelCall {
  static let name = "accumulate"
  private let type: Kernels.ElementType
  let extent: Int
  private let traffic: Float

  init(_ shapes: CallShapes) {
    (type, extent, traffic) = (shapes.kernelType, shapes.writtenCount, shapes.traffic)
  }

  func cutStep(for count: inout Int, grain: Int) -> Int { grain }
  func elementsRead(of position: Int, by range: Range<Int>) -> Range<Int>? { range }
  func elementsWritten(to number: Int, by range: Range<Int>) -> Range<Int>? { range }
  func mayOverwrite(operand position: Int, by number: Int) -> Bool { position == 0 }
  func cost(at speeds: CostModel) -> Float { speeds.cost(ofTraffic: traffic) }

  func run(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>,
    _ range: Range<Int>
  ) {
    if inputs.count <= Accumulate.width {
      runAccumulate(type, inputs: inputs, output: outputs[0], range: range)
    } else {
      addGroups(inputs, outputs[0], range)
    }
  }

  /// The sum of many operands. Only constants are folded so: ``LowerSums`` makes a call for each group.
  private func addGroups(
    _ inputs: UnsafeBufferPointer<UnsafeRawPointer>, _ output: UnsafeMutableRawPointer, _ range: Range<Int>
  ) {
    let (first, count) = (range.lowerBound * type.byteCount, range.count * type.byteCount)
    var sums: [UnsafeMutableRawPointer] = []
    defer { for sum in sums { sum.deallocate() } }
    let sum = Accumulate.sum(of: inputs.map { $0 + first }) { group in
      let sum = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
      sums.append(sum)
      Array(group).withUnsafeBufferPointer { runAccumulate(type, inputs: $0, output: sum, range: 0..<range.count) }
      return UnsafeRawPointer(sum)
    }
    (output + first).copyMemory(from: sum, byteCount: count)
  }
}
