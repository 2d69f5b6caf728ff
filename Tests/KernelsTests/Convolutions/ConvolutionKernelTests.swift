import Kernels
import Testing

/// The tiles of machines with 16 registers compute the very sums that those of machines with 32 do.
@Suite(.timeLimit(.minutes(20))) struct ConvolutionKernelTests {
  private func run<T: KernelFloat>(
    _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ inputs: [[T]], narrow: Bool
  ) -> [T] {
    let plan = ConvolutionPlan(part, geometry, T.elementType, keepsToNarrowTiles: narrow)
    var output = [T](repeating: 99, count: plan.resultCount)
    withPointers(to: inputs) { inputs in
      output.withUnsafeMutableBytes { output in
        for block in (0..<plan.blockCount).reversed() {
          runConvolution(
            T.elementType, plan: plan, inputs: inputs, output: output.baseAddress!, blocks: block..<block + 1)
        }
      }
    }
    return output
  }

  private func check<T: KernelFloat>(_ geometry: ConvolutionGeometry, _: T.Type) {
    var numbers = SeededNumbers(seed: 5)
    let (y, x) = (geometry.rows, geometry.columns)
    let images: [T] = randomValues(geometry.batch * geometry.channels * y.image * x.image, &numbers)
    let kernels: [T] = randomValues(
      geometry.filters * geometry.channels / geometry.groups * y.kernel * x.kernel, &numbers)
    let upstream: [T] = randomValues(geometry.batch * geometry.filters * y.result * x.result, &numbers)
    func laid(_ part: ConvolutionPart, _ values: [T]) -> [T] { run(part, geometry, [values], narrow: false) }
    let cases: [(ConvolutionPart, [[T]])] = [
      (.result, [laid(.imagePlanes, images), laid(.kernelPanels, kernels)]),
      (.inputGradient, [laid(.upstreamPlanes, upstream), laid(.turnedKernelPanels, kernels)]),
      (.kernelGradient, [laid(.imagePlanes, images), laid(.upstreamPanels, upstream)]),
    ]
    for (part, inputs) in cases {
      let narrow = run(part, geometry, inputs, narrow: true)
      let wide = run(part, geometry, inputs, narrow: false)
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
