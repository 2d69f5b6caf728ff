import DependencyScheduling
import Kernels
import Testing

@Suite(.timeLimit(.minutes(20))) struct AlongAxisTests {
  /// Every shape of up to three axes and each of its axes, the lanes cut in two.
  private func forEachAxis<T: KernelFloat>(
    _: T.Type, _ body: (AxisPlan, _ values: [T], _ lanes: [[Int]]) throws -> Void
  ) rethrows {
    var numbers = SeededGenerator(seed: 3)
    for shape in shapes(rank: 1) + shapes(rank: 2) + shapes(rank: 3) + [[2, 5, 70], [300, 3], [4, 130]] {
      let values: [T] = randomValues(elementCount(shape), &numbers)
      for axis in shape.indices {
        let plan = AxisPlan(input: shape, axis: axis)
        let lanes = coordinates(of: shape).filter { $0[axis] == 0 }.map { start in
          (0..<shape[axis]).map { k in
            var place = start
            place[axis] = k
            return flatIndex(place, in: shape)
          }
        }
        try body(plan, values, lanes)
      }
    }
  }

  private func checkSums<T: KernelFloat>(_: T.Type) {
    forEachAxis(T.self) { plan, values, lanes in
      for fromTheEnd in [false, true] {
        var result = values
        result.withUnsafeMutableBytes { bytes in
          let base = bytes.baseAddress!
          for part in [plan.laneCount / 3..<plan.laneCount, 0..<plan.laneCount / 3] {
            runCumulativeSum(
              T.elementType, plan: plan, fromTheEnd: fromTheEnd, input: base, output: base, lanes: part)
          }
        }
        for lane in lanes {
          var sum = -0.0
          for place in fromTheEnd ? lane.reversed() : lane {
            sum += Double(values[place])
            // Doubles lose a little here, and nothing there.
            #expect(T.self == Float.self ? same(result[place], T(sum)) : abs(Double(result[place]) - sum) < 1e-13)
          }
        }
      }
    }
  }

  @Test func `running sums are rounded once each, from either end, in place`() {
    checkSums(Float.self)
    checkSums(Double.self)
  }

  /// Lanes side by side, as many as are kept at a time, one less and one more; sums of whole numbers are exact.
  @Test(arguments: [63, 64, 65, 511, 512, 513, 1_025])
  func `running sums and searches are right in every lane, however many lie side by side`(inner: Int) {
    func check<T: KernelFloat>(_: T.Type) {
      let plan = AxisPlan(input: [2, 3, inner], axis: 1)
      var numbers = SeededGenerator(seed: UInt64(inner))
      var values: [T] = (0..<6 * inner).map { _ in T(Int.random(in: -99...99, using: &numbers)) }
      for _ in 0..<20 { values[Int.random(in: values.indices, using: &numbers)] = .nan }
      func lane(_ number: Int) -> [T] {
        (0..<3).map { values[(number / inner * 3 + $0) * inner + number % inner] }
      }
      let found = argmax(values, plan)
      var sums = [T](repeating: 99, count: values.count), reversed = sums
      for fromTheEnd in [false, true] {
        values.withUnsafeBytes { input in
          sums.withUnsafeMutableBytes { output in
            for part in [plan.laneCount / 3..<plan.laneCount, 0..<plan.laneCount / 3] {
              runCumulativeSum(
                T.elementType, plan: plan, fromTheEnd: fromTheEnd, input: input.baseAddress!,
                output: output.baseAddress!, lanes: part)
            }
          }
        }
        if !fromTheEnd { swap(&sums, &reversed) }
      }
      swap(&sums, &reversed)
      for number in 0..<plan.laneCount {
        let x = lane(number)
        let expected = x.firstIndex { $0.isNaN } ?? x.indices.first { x[$0] == x.max()! }!
        let places = (0..<3).map { (number / inner * 3 + $0) * inner + number % inner }
        let isRight =
          found[number] == expected && same(places.map { sums[$0] }, [x[0], x[0] + x[1], x[0] + x[1] + x[2]])
          && same(places.map { reversed[$0] }, [x[2] + x[1] + x[0], x[2] + x[1], x[2]])
        #expect(isRight, "lane \(number) of \(inner), \(T.self)")
      }
    }
    check(Float.self)
    check(Double.self)
  }

  private func argmax<T: KernelFloat>(_ values: [T], _ plan: AxisPlan) -> [Int32] {
    var indices = [Int32](repeating: -1, count: plan.laneCount)
    indices.withUnsafeMutableBytes { bytes in
      values.withUnsafeBytes { input in
        for part in [plan.laneCount / 3..<plan.laneCount, 0..<plan.laneCount / 3] {
          runArgmax(T.elementType, plan: plan, input: input.baseAddress!, output: bytes.baseAddress!, lanes: part)
        }
      }
    }
    return indices
  }

  @Test func `the greatest element's place is found in every lane`() {
    func check<T: KernelFloat>(_: T.Type) {
      forEachAxis(T.self) { plan, values, lanes in
        let found = argmax(values, plan)
        for (lane, index) in zip(lanes, found) {
          #expect(Int(index) == lane.indices.max { values[lane[$0]] < values[lane[$1]] })
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func `the first of equal elements wins, and the first NaN over all`() {
    let plan = AxisPlan(input: [5], axis: 0)
    #expect(argmax([1, 3, 3, 2, 3] as [Float], plan) == [1])
    #expect(argmax([0, -0.0, 0, 0, 0] as [Double], plan) == [0])
    #expect(argmax([1, .nan, .infinity, .nan, 9] as [Float], plan) == [1])
    #expect(argmax([.nan, 1, 2, .nan, 9] as [Double], plan) == [0])
    #expect(argmax([Float](repeating: -.infinity, count: 5), plan) == [0])
  }
}
