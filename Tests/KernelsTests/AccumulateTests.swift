import Kernels
import Testing

@Suite struct AccumulateTests {
  private func check<T: KernelFloat>(inputs count: Int, _: T.Type) {
    var numbers = SeededNumbers(seed: UInt64(count))
    let length = 3001
    let inputs: [[T]] = (0..<count).map { _ in randomValues(length, &numbers) }
    let expected = inputs.dropFirst().reduce(inputs[0]) { sum, next in zip(sum, next).map { $0 + $1 } }
    for inPlace in [false, true] {
      var output = [T](repeating: 99, count: length)
      withPointers(to: inputs) { pointers in
        let list = UnsafeBufferPointer(start: pointers, count: count)
        output.withUnsafeMutableBytes { bytes in
          let target = inPlace ? UnsafeMutableRawPointer(mutating: pointers[0]) : bytes.baseAddress!
          for range in oddCuts(length, &numbers).reversed() {
            runAccumulate(T.elementType, inputs: list, output: target, range: range)
          }
          if inPlace { bytes.baseAddress!.copyMemory(from: target, byteCount: bytes.count) }
        }
      }
      #expect(output == expected, "\(count) inputs, in place \(inPlace)")
    }
  }

  @Test(arguments: [1, 2, 3, 10, 100])
  func `contributions are added in the order given, to the bit`(inputs: Int) {
    check(inputs: inputs, Float.self)
    check(inputs: inputs, Double.self)
  }

  @Test func `a source is added into a target's range and nowhere else`() {
    var target: [Int32] = [1, 2, 3, 4]
    let source: [Int32] = [10, 20, 30, 40]
    target.withUnsafeMutableBytes { addInto(.int32, source: source, target: $0.baseAddress!, range: 1..<3) }
    #expect(target == [1, 22, 33, 4])
  }

  @Test func `a fill writes its range and nothing else`() {
    var floats = [Float](repeating: 7, count: 5)
    floats.withUnsafeMutableBytes {
      runFill(.float32, value: 0.1, target: $0.baseAddress!, range: 1..<4)
      runFillZero(.float32, target: $0.baseAddress!, range: 3..<4)
    }
    #expect(floats == [7, 0.1, 0.1, 0, 7])
    var integers: [Int32] = [1, 1]
    integers.withUnsafeMutableBytes { runFill(.int32, value: -3, target: $0.baseAddress!, range: 0..<1) }
    #expect(integers == [-3, 1])
  }
}
