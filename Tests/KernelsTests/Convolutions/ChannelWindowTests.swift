import DependencyScheduling
import Kernels
import Testing

/// Sums over neighbouring channels: up to 64 are added one after the other, more of them pairwise, 256 elements of a
/// channel at a time; windows are cut where channels end.
@Suite(.timeLimit(.minutes(20))) struct ChannelWindowTests {
  private func sums<T: KernelFloat>(_ values: [T], channels: Int, size: Int, radius: Int, cuts: [Range<Int>]) -> [T] {
    var output = [T](repeating: 99, count: values.count)
    values.withUnsafeBytes { input in
      output.withUnsafeMutableBytes { output in
        for range in cuts {
          runChannelWindowSum(
            T.elementType, channels: channels, size: size, radius: radius, input: input.baseAddress!,
            output: output.baseAddress!, range: range)
        }
      }
    }
    return output
  }

  /// Whole numbers, whose sums are exact in any order, and one that is special.
  private func check<T: KernelFloat>(channels: Int, size: Int, radius: Int, isOnce: Bool = false, _: T.Type) {
    var numbers = SeededGenerator(seed: UInt64(channels * 1000 + size * 10 + radius))
    var values: [T] = (0..<2 * channels * size).map { _ in T(Int.random(in: 1...99, using: &numbers)) }
    for special in [nil, T.nan, .infinity] {
      if let special { values[Int.random(in: values.indices, using: &numbers)] = special }
      let all = 0..<2 * channels
      let result = sums(values, channels: channels, size: size, radius: radius, cuts: [all])
      let middle = channels - 1
      let parts = sums(
        values, channels: channels, size: size, radius: radius, cuts: [middle..<2 * channels, 0..<middle])
      #expect(same(result, parts), "the bits depend on how channels are divided")
      for channel in isOnce ? [0, 65, 66, 131] : Array(all) {
        let image = channel / channels * channels
        let neighbours = max(image, channel - radius)...min(image + channels - 1, channel + radius)
        for place in 0..<size {
          let sum = neighbours.reduce(0 as T) { $0 + values[$1 * size + place] }
          if same(result[channel * size + place], sum) { continue }
          Issue.record("\(channel) of \(channels) channels of \(size), radius \(radius), \(T.self)")
          return
        }
      }
    }
  }

  @Test func `a window is what its channels add up to, also where it is wider than all of them`() {
    for channels in [1, 2, 3, 5, 16, 17] {
      for radius in [0, 1, 2, 3, 4, 16, 40] {
        check(channels: channels, size: 1, radius: radius, Float.self)
        check(channels: channels, size: 17, radius: radius, Double.self)
      }
    }
  }

  @Test func `a window of many channels is what they add up to`() {
    for radius in [31, 32, 64, 200] {
      for channels in [65, 129] {
        check(channels: channels, size: 1, radius: radius, Float.self)
        check(channels: channels, size: 2, radius: radius, Double.self)
      }
    }
    for size in [256, 257, 513] { check(channels: 66, size: size, radius: 65, isOnce: true, Float.self) }
  }
}
