import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct MovementTests {
  private func move(_ plan: MovementPlan, _ values: [Float], cuts: [Range<Int>]) -> [Float] {
    var output = [Float](repeating: 99, count: plan.count)
    values.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        for range in cuts {
          runMovement(
            elementSize: 4, plan: plan, input: input.baseAddress!, output: output.baseAddress!, range: range)
        }
      }
    }
    return output
  }

  private func numbered(_ shape: [Int]) -> [Float] { (0..<elementCount(shape)).map { Float($0) } }

  private func permutations(of elements: [Int]) -> [[Int]] {
    if elements.isEmpty { return [[]] }
    return elements.flatMap { first in permutations(of: elements.filter { $0 != first }).map { [first] + $0 } }
  }

  private func moveDoubles(_ plan: MovementPlan, _ values: [Double], cuts: [Range<Int>]) -> [Double] {
    var output = [Double](repeating: 99, count: plan.count)
    values.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        for range in cuts {
          runMovement(
            elementSize: 8, plan: plan, input: input.baseAddress!, output: output.baseAddress!, range: range)
        }
      }
    }
    return output
  }

  private func checkTranspose(_ shape: [Int], _ permutation: [Int], _ numbers: inout SeededGenerator) {
    let values = numbered(shape)
    let plan = MovementPlan.transpose(input: shape, permutation: permutation)
    let expected = coordinates(of: permutation.map { shape[$0] }).map { place in
      var source = place
      for (axis, from) in permutation.enumerated() { source[from] = place[axis] }
      return values[flatIndex(source, in: shape)]
    }
    #expect(move(plan, values, cuts: [0..<plan.count]) == expected, "\(shape) by \(permutation)")
    let cuts = oddCuts(plan.count, &numbers)
    #expect(move(plan, values, cuts: cuts) == expected, "\(shape) by \(permutation), cut")
    // A long part that begins within a row.
    let start = plan.count / 40 + 1
    let parts = [min(start, plan.count)..<plan.count, 0..<min(start, plan.count)]
    #expect(move(plan, values, cuts: parts) == expected, "\(shape) by \(permutation), from \(start)")
    let doubles = moveDoubles(plan, values.map { Double($0) }, cuts: cuts)
    #expect(doubles == expected.map { Double($0) }, "\(shape) by \(permutation), cut")
  }

  @Test(arguments: 0...4)
  func `every permutation of every shape up to rank 4 transposes`(rank: Int) {
    var numbers = SeededGenerator(seed: 1)
    for shape in shapes(rank: rank) {
      for permutation in permutations(of: Array(0..<rank)) { checkTranspose(shape, permutation, &numbers) }
    }
  }

  @Test(arguments: [
    ([100, 70], [1, 0]), ([16, 16], [1, 0]), ([3, 40, 50], [0, 2, 1]), ([3, 40, 50], [2, 1, 0]),
    ([33, 5, 34], [2, 0, 1]),
  ])
  func `large transposes move by tiles and cut anywhere`(shape: [Int], permutation: [Int]) {
    var numbers = SeededGenerator(seed: 2)
    checkTranspose(shape, permutation, &numbers)
  }

  /// Axes that do not merge, of which many carry at once, some of size 1; and rows around a tile's and a copy's length.
  @Test func `up to eight axes transpose, in rows of every length around a tile's`() {
    var numbers = SeededGenerator(seed: 6)
    for rank in 5...8 {
      for _ in 0..<12 {
        let shape = (0..<rank).map { _ in [1, 2, 2, 3].randomElement(using: &numbers)! }
        checkTranspose(shape, Array(0..<rank).shuffled(using: &numbers), &numbers)
      }
      checkTranspose([Int](repeating: 2, count: rank), Array((0..<rank).reversed()), &numbers)
      let swapped = (0..<rank).map { $0 ^ 1 < rank ? $0 ^ 1 : $0 }
      checkTranspose([Int](repeating: 2, count: rank), swapped, &numbers)
    }
    for rows in [15, 16, 17, 33] {
      for columns in [1, 15, 16, 17, 32] {
        checkTranspose([rows, columns], [1, 0], &numbers)
        checkTranspose([2, rows, columns], [0, 2, 1], &numbers)
        checkTranspose([rows, 2, columns], [1, 0, 2], &numbers)
        checkTranspose([columns, 2, rows, 2], [3, 1, 2, 0], &numbers)
      }
    }
  }

  @Test func `blocks of up to eight axes are sliced out, and padded back into zeros`() {
    var numbers = SeededGenerator(seed: 7)
    for rank in 4...8 {
      for _ in 0..<10 {
        let block = (0..<rank).map { _ in [1, 2, 3].randomElement(using: &numbers)! }
        let starts = (0..<rank).map { _ in Int.random(in: 0...1, using: &numbers) }
        let whole = zip(block, starts).map { $0 + $1 + Int.random(in: 0...1, using: &numbers) }
        guard elementCount(whole) < 20_000 else { continue }
        checkBlock(block, at: starts, of: whole, &numbers)
      }
    }
    for length in [15, 16, 17, 31, 32, 33] { checkBlock([2, length], at: [1, 3], of: [4, length + 5], &numbers) }
  }

  @Test(arguments: 0...3)
  func `every block of every shape is sliced out, and padded back into zeros`(rank: Int) {
    var numbers = SeededGenerator(seed: 3)
    for whole in shapes(rank: rank) {
      for block in coordinates(of: whole).map({ $0.map { $0 + 1 } }) {
        for starts in coordinates(of: zip(whole, block).map { $0 - $1 + 1 }) {
          checkBlock(block, at: starts, of: whole, &numbers)
        }
      }
    }
  }

  private func checkBlock(_ block: [Int], at starts: [Int], of whole: [Int], _ numbers: inout SeededGenerator) {
    let values = numbered(whole).map { $0 + 1 }
    let plan = MovementPlan.slice(input: whole, starts: starts, output: block)
    let inside = coordinates(of: block).map { place in
      values[flatIndex(zip(place, starts).map { $0 + $1 }, in: whole)]
    }
    #expect(move(plan, values, cuts: oddCuts(plan.count, &numbers)) == inside, "\(block) at \(starts) of \(whole)")

    let padding = PadPlan(input: block, starts: starts, output: whole)
    var padded = [Float](repeating: 99, count: padding.count)
    let expected = coordinates(of: whole).map { place in
      zip(place, zip(starts, block)).allSatisfy { $0 >= $1.0 && $0 < $1.0 + $1.1 }
        ? values[flatIndex(place, in: whole)] : 0
    }
    inside.withUnsafeBytes { input in
      padded.withUnsafeMutableBytes { output in
        for range in oddCuts(padding.count, &numbers) {
          runPad(elementSize: 4, plan: padding, input: input.baseAddress!, output: output.baseAddress!, range: range)
        }
      }
    }
    #expect(padded == expected, "\(block) at \(starts) of \(whole)")
  }

  @Test(arguments: [
    ([[2, 3], [4, 3]], 0), ([[2, 3], [2, 1], [2, 5]], 1), ([[3, 2, 2], [3, 7, 2]], 1), ([[50, 40]], 0),
  ])
  func `tensors are concatenated along an axis, cut anywhere`(inputs: [[Int]], axis: Int) {
    var numbers = SeededGenerator(seed: 4)
    let data: [[Float]] = inputs.map { randomValues(elementCount($0), &numbers) }
    var output = inputs[0]
    output[axis] = inputs.map { $0[axis] }.reduce(0, +)
    let expected = coordinates(of: output).map { place -> Float in
      var (source, index) = (place, 0)
      while source[axis] >= inputs[index][axis] {
        source[axis] -= inputs[index][axis]
        index += 1
      }
      return data[index][flatIndex(source, in: inputs[index])]
    }
    let plan = ConcatenationPlan(inputs: inputs, axis: axis)
    var result = [Float](repeating: 99, count: plan.count)
    withPointers(to: data) { pointers in
      result.withUnsafeMutableBytes { bytes in
        for range in oddCuts(plan.count, &numbers) {
          runConcatenate(elementSize: 4, plan: plan, inputs: pointers, output: bytes.baseAddress!, range: range)
        }
      }
    }
    #expect(result == expected)
  }

  @Test(arguments: [
    ([[2, 3], [4, 3]], 0, [1, 3], 9), ([[2, 3], [2, 1], [2, 5]], 1, [0, 3, 7], 13),
    ([[3, 2, 2], [3, 7, 2]], 1, [2, 4], 11),
    ([[30, 40], [1, 40]], 0, [0, 33], 40),
  ])
  func `a sum of pads is each input plus 0 in its place, and 0 elsewhere, cut anywhere`(
    inputs: [[Int]], axis: Int, starts: [Int], extent: Int
  ) {
    func check<T: KernelFloat>(_: T.Type) {
      var numbers = SeededGenerator(seed: 9)
      let data: [[T]] = inputs.map { shape in
        randomValues(elementCount(shape), &numbers).enumerated().map { $0 % 3 == 0 ? -0.0 : $1 }
      }
      var output = inputs[0]
      output[axis] = extent
      let expected = coordinates(of: output).map { place -> T in
        for (index, shape) in inputs.enumerated() where (0..<shape[axis]).contains(place[axis] - starts[index]) {
          var source = place
          source[axis] -= starts[index]
          return data[index][flatIndex(source, in: shape)] + 0
        }
        return 0
      }
      let plan = ConcatenationPlan(inputs: inputs, axis: axis, starts: starts, extent: extent)
      var result = [T](repeating: 99, count: plan.count)
      withPointers(to: data) { pointers in
        result.withUnsafeMutableBytes { bytes in
          for range in oddCuts(plan.count, &numbers) {
            runSumOfPads(T.elementType, plan: plan, inputs: pointers, output: bytes.baseAddress!, range: range)
          }
        }
      }
      #expect(result.map(\.bits) == expected.map(\.bits))
    }
    check(Float.self)
    check(Double.self)
  }
}
