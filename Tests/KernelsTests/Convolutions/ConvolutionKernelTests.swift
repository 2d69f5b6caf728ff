import DependencyScheduling
import Kernels
import Testing

/// The tiles of machines with 16 registers compute the very sums that those of machines with 32 do.
@Suite(.timeLimit(.minutes(20))) struct ConvolutionKernelTests {
  private func check<T: KernelFloat>(_ geometry: ConvolutionGeometry, _: T.Type) {
    var numbers = SeededGenerator(seed: 5)
    for part in [ConvolutionPart.result, .inputGradient, .kernelGradient] {
      let (first, second) = geometry.operandCounts(of: part)
      let a: [T] = randomValues(first, &numbers), b: [T] = randomValues(second, &numbers)
      let narrow = convolved(part, geometry, a, b, narrow: true, inOneCall: false)
      let wide = convolved(part, geometry, a, b, narrow: false, inOneCall: false)
      #expect(same(narrow, wide), "\(part) in \(T.self)")
      #expect(!wide.contains { $0.isNaN }, "junk between the planes' rows was stored")
    }
  }

  private func axis(_ image: Int, _ kernel: Int, stride: Int, padding: Int, dilation: Int) -> ConvolutionGeometry.Axis {
    let result = (image + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
    return .init(image: image, kernel: kernel, result: result, stride: stride, padding: padding, dilation: dilation)
  }

  @Test func `narrow and wide tiles give the same bits, block by block`() {
    for (channels, filters, groups) in [(3, 40, 1), (20, 17, 1), (12, 36, 2)] {
      for (stride, padding, dilation) in [(1, 1, 1), (2, 0, 1), (3, 2, 2)] {
        let geometry = ConvolutionGeometry(
          batch: 2, channels: channels, filters: filters, groups: groups,
          rows: axis(9, 3, stride: stride, padding: padding, dilation: dilation),
          columns: axis(23, 2, stride: stride, padding: padding, dilation: dilation))
        check(geometry, Float.self)
        check(geometry, Double.self)
      }
    }
  }
}
