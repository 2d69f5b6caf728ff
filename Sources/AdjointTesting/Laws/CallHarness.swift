internal import Foundation
package import Adjoint

/// A kernel call on memory of its own, held to what it says of its parts.
package struct CallHarness {
  private let call: any KernelCall
  private let operands: [Signature]
  private let results: [Signature]
  private let values: [[UInt8]]
  /// What the call says of itself.
  package var elementsRead: (any KernelCall, _ operand: Int, _ part: Range<Int>) -> Range<Int>? = {
    $0.elementsRead(of: $1, by: $2)
  }
  package var elementsWritten: (any KernelCall, _ result: Int, _ part: Range<Int>) -> Range<Int>? = {
    $0.elementsWritten(to: $1, by: $2)
  }
  package var mayOverwrite: (CallHarness, _ operand: Int, _ result: Int) -> Bool = { $0.mayOverwrite($1, by: $2) }

  /// - Parameter values: of each operand, row-major.
  package init(_ call: any KernelCall, operands: [Signature], results: [Signature], values: [[Double]]) {
    (self.call, self.operands, self.results) = (call, operands, results)
    self.values = zip(operands, values).map { operand, values in
      Self.bytes(of: values, operand.elementType)
    }
  }

  private static func bytes(of values: [Double], _ type: ElementType) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count * type.byteCount)
    bytes.withUnsafeMutableBytes { bytes in
      values.withUnsafeBufferPointer { type.write($0, to: bytes.baseAddress!) }
    }
    return bytes
  }

  /// The bytes of each result of the call as one part.
  func whole() throws -> [[UInt8]] { try run([0..<call.extent], poison: nil) }

  /// How the call breaks its word when it is divided, in words; `nil` if it doesn't.
  package func violation() throws -> String? {
    let whole = try whole()
    for count in [2, 3, 16] {
      let parts = call.parts(count, grain: 1)
      for poison in [Double.nan, 1e4] {
        let divided = try run(parts, poison: poison)
        if divided != whole { return "in \(parts.count) parts, a part of \(call) reads more than it says" }
      }
      for part in parts {
        for (number, bytes) in try run([part], poison: nil).enumerated() {
          let size = results[number].elementType.byteCount
          let said = elementsWritten(call, number, part)?.scaled(by: size) ?? bytes.indices
          if !isUntouched(bytes[..<said.lowerBound]) || !isUntouched(bytes[said.upperBound...]) {
            return "the part \(part) of \(call) writes more than \(said) of result \(number)"
          }
        }
      }
    }
    return nil
  }

  private func mayOverwrite(_ operand: Int, by result: Int) -> Bool {
    operands[operand] == results[result] && call.mayOverwrite(operand: operand, by: result)
  }

  /// How a result that may lie over an operand comes out otherwise there, in words; `nil` if no bit differs.
  package func violationInPlace() throws -> String? {
    let whole = try whole()
    for result in results.indices {
      for position in operands.indices where mayOverwrite(self, position, result) {
        for parts in [[0..<call.extent], call.parts(3, grain: 1).reversed()] {
          if try run(parts, writing: result, over: position) != whole {
            return "result \(result) of \(call) in the memory of operand \(position), in \(parts.count) parts, differs"
          }
        }
      }
    }
    return nil
  }

  /// The results of the parts, one after the other, where one of them takes the memory of an operand.
  private func run(_ parts: [Range<Int>], writing result: Int, over position: Int) throws -> [[UInt8]] {
    let inputs = operands.indices.map { memory($0, nil, keeping: nil) }
    let outputs = results.indices.map { number in
      number == result
        ? inputs[position] : .allocate(byteCount: results[number].byteCount, alignment: 64)
    }
    defer {
      for input in inputs { input.deallocate() }
      for (number, output) in outputs.enumerated() where number != result { output.deallocate() }
    }
    try inputs.map { UnsafeRawPointer($0.baseAddress!) }.withUnsafeBufferPointer { inputs in
      try outputs.map { $0.baseAddress! }.withUnsafeBufferPointer { outputs in
        for part in parts { try call.run(inputs, outputs.baseAddress!, part) }
      }
    }
    return outputs.map { Array($0) }
  }

  private static let untouched: UInt8 = 0xA5

  private func isUntouched(_ bytes: ArraySlice<UInt8>) -> Bool {
    let expected = [UInt8](repeating: Self.untouched, count: bytes.count)
    return bytes.withUnsafeBytes { memcmp($0.baseAddress!, expected, expected.count) } == 0
  }

  /// The results of the parts, one after the other, each with all that it does not read replaced by `poison`.
  private func run(_ parts: [Range<Int>], poison: Double?) throws -> [[UInt8]] {
    let outputs = results.map { result in
      UnsafeMutableRawBufferPointer.allocate(byteCount: result.byteCount, alignment: 64)
    }
    defer { for output in outputs { output.deallocate() } }
    for output in outputs { output.initializeMemory(as: UInt8.self, repeating: Self.untouched) }
    for part in parts {
      let inputs = operands.indices.map { position in
        memory(position, poison, keeping: elementsRead(call, position, part))
      }
      defer { for input in inputs { input.deallocate() } }
      try inputs.map { UnsafeRawPointer($0.baseAddress!) }.withUnsafeBufferPointer { inputs in
        try outputs.map { $0.baseAddress! }.withUnsafeBufferPointer { outputs in
          try call.run(inputs, outputs.baseAddress!, part)
        }
      }
    }
    return outputs.map { Array($0) }
  }

  /// A copy of the operand's values, with `poison` in place of those that are not kept.
  private func memory(_ position: Int, _ poison: Double?, keeping kept: Range<Int>?) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: values[position].count, alignment: 64)
    memory.copyBytes(from: values[position])
    guard let poison, let kept else { return memory }
    let count = operands[position].shape.elementCount
    let type = operands[position].elementType
    for range in [0..<kept.lowerBound, kept.upperBound..<count] {
      let values = [Double](repeating: type.isDifferentiable ? poison : -1, count: range.count)
      memory.baseAddress!.advanced(by: range.lowerBound * type.byteCount)
        .copyMemory(from: Self.bytes(of: values, type), byteCount: range.count * type.byteCount)
    }
    return memory
  }
}

extension Signature {
  fileprivate var byteCount: Int { shape.elementCount * elementType.byteCount }
}
