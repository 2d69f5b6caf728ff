import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct AccumulateTests {
  private func check<T: KernelFloat>(inputs count: Int, length: Int = 3001, _: T.Type) {
    var numbers = SeededGenerator(seed: UInt64(count))
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

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100])
  func `contributions are added in the order given, to the bit`(inputs: Int) {
    check(inputs: inputs, Float.self)
    check(inputs: inputs, Double.self)
    for length in [1, 15, 16, 17, 1_023, 1_024, 1_025] {
      check(inputs: inputs, length: length, Float.self)
      check(inputs: inputs, length: length, Double.self)
    }
  }

  @Test(arguments: 1...9) func `integers of any number of contributions are added, wrapping around`(count: Int) {
    var numbers = SeededGenerator(seed: UInt64(count))
    for length in [1, 15, 16, 17, 1_025] {
      let inputs = (0..<count).map { _ in (0..<length).map { _ in Int32.random(in: .min ... .max, using: &numbers) } }
      var output = [Int32](repeating: 99, count: length)
      withPointers(to: inputs) { pointers in
        output.withUnsafeMutableBytes {
          let list = UnsafeBufferPointer(start: pointers, count: count)
          runAccumulate(.int32, inputs: list, output: $0.baseAddress!, range: 0..<length)
        }
      }
      #expect(output == (0..<length).map { place in inputs.reduce(0) { $0 &+ $1[place] } })
    }
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
