internal import CKernels

/// The parts that a convolution and its two gradients consist of.
///
/// Operands are first laid out so that the loops which multiply need no index but a pointer and fixed distances:
/// images as *planes* with room around them, kernels and gradients as *panels*, which hold an element of as many channels
/// as a vector has lanes. Then sums of products are formed tile by tile.
///
/// | | reads | |
/// |---|---|---|
/// | `result` | `imagePlanes`, `kernelPanels` | y |
/// | `inputGradient` | `upstreamPlanes`, `turnedKernelPanels` | x̄ |
/// | `kernelGradient` | `imagePlanes`, `upstreamPanels` | w̄ |
package enum ConvolutionPart: Hashable, Sendable {
  case imagePlanes, upstreamPlanes
  case kernelPanels, turnedKernelPanels, upstreamPanels
  case result, inputGradient, kernelGradient

  /// Whether it multiplies, rather than lays out.
  package var multiplies: Bool { [.result, .inputGradient, .kernelGradient].contains(self) }
}

/// A part of a convolution with all that its sizes decide worked out.
///
/// Immutable, and shared by any number of threads.
package struct ConvolutionPlan: Sendable {
  private enum Form: Sendable {
    case planes(PlanesPlan)
    case panels(PanelsPlan)
    case taps(TapSumPlan)
    case gradient(KernelGradientPlan)
  }
  package let part: ConvolutionPart
  private let form: Form
  private let keepsToNarrowTiles: Bool
  /// Elements of the result.
  package let resultCount: Int
  /// Blocks that the result is worked in; any range of them can be computed by itself, and the bits are the same.
  package let blockCount: Int

  /// - Parameter keepsToNarrowTiles: as if the machine had 16 registers of 32 bytes; for tests.
  package init(
    _ part: ConvolutionPart, _ geometry: ConvolutionGeometry, _ type: ElementType, keepsToNarrowTiles: Bool = false
  ) {
    precondition(type.hasArithmetic, "Convolutions need floats")
    self.part = part
    self.keepsToNarrowTiles = keepsToNarrowTiles
    let lanes = 64 / type.byteCount
    switch part {
    case .imagePlanes, .upstreamPlanes:
      let plan = part == .imagePlanes ? PlanesPlan(imagesOf: geometry) : PlanesPlan(upstreamOf: geometry)
      (form, blockCount, resultCount) = (.planes(plan), plan.images, plan.elementCount)
    case .kernelPanels, .turnedKernelPanels, .upstreamPanels:
      let plan =
        switch part {
        case .kernelPanels: PanelsPlan(kernelsOf: geometry)
        case .turnedKernelPanels: PanelsPlan(turnedKernelsOf: geometry)
        default: PanelsPlan(upstreamOf: geometry)
        }
      (form, blockCount) = (.panels(plan), plan.panelCount(lanes))
      resultCount = plan.panelCount(lanes) * plan.columns * lanes
    case .result, .inputGradient:
      let plan = part == .result ? TapSumPlan(resultOf: geometry) : TapSumPlan(inputGradientOf: geometry)
      (form, blockCount) = (.taps(plan), plan.blockCount(lanes))
      resultCount = plan.images * plan.groups * plan.results * plan.height * plan.width
    case .kernelGradient:
      let plan = KernelGradientPlan(geometry)
      (form, blockCount) = (.gradient(plan), plan.blockCount(lanes))
      resultCount = geometry.filters * geometry.channelsInGroup * geometry.kernelSize
    }
  }

  fileprivate func run(
    _ type: ElementType, _ inputs: UnsafePointer<UnsafeRawPointer>, _ output: UnsafeMutableRawPointer,
    _ blocks: Range<Int>
  ) {
    let (begin, end) = (blocks.lowerBound, blocks.upperBound)
    switch form {
    case .planes(let plan):
      plan.withC { adj_convolution_planes(type.rawValue, $0, inputs[0], output, begin, end) }
    case .panels(let plan):
      plan.withC { adj_convolution_panels(type.rawValue, $0, inputs[0], output, begin, end) }
    case .taps(let plan):
      plan.withC(narrow: keepsToNarrowTiles) {
        adj_convolution_taps(type.rawValue, $0, inputs[0], inputs[1], output, begin, end)
      }
    case .gradient(let plan):
      plan.withC(narrow: keepsToNarrowTiles) {
        adj_convolution_kernel_gradient(type.rawValue, $0, inputs[0], inputs[1], output, begin, end)
      }
    }
  }
}

/// Computes the blocks `blocks` of a part of a convolution.
///
/// - Parameters:
///   - inputs: what the part reads, at element 0; see ``ConvolutionPart``.
///   - output: at element 0; shares no memory with the inputs.
/// - Complexity: O(products) for the parts that multiply, O(elements) for the others. Allocates nothing.
package func runConvolution(
  _ type: ElementType, plan: ConvolutionPlan, inputs: UnsafePointer<UnsafeRawPointer>, output: UnsafeMutableRawPointer,
  blocks: Range<Int>
) {
  checkRange(blocks, within: plan.blockCount)
  plan.run(type, inputs, output, blocks)
}
